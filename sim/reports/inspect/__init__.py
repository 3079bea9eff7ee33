"""One live world in Mesa's own viewer, in the browser (the optional extra ``inspect``).

The only room of the reports that shows a model and not tables: `world` is the model that the viewer steps and what can
be said of its agents, `drawing` its pictures, `page` the page, `server` the server on this machine.
"""
