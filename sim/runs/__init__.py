"""Running worlds: the engine driven for a scenario, ensembles on threads, result folders."""
