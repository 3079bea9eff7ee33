"""Ensembles and studies: scenarios in, tables out."""
