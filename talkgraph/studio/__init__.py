"""`talkgraph studio`: a local web page that makes talking videos, for one person on one machine.

server    the routes, and the socket on 127.0.0.1 that they are served from
guard     what every request must show before it reaches a route: Host, Origin, token
files     uploads and outputs: one private folder, random names, found by id alone
recipe    what the page asks for, and the graph and inputs that it means
forms     that graph as a form: fields made from what graphs and nodes declare
jobs      the queue: one run at a time, and what is known of each
child     a run in a process of its own, which can be stopped at any moment
worker    that process: `python -m talkgraph.studio.worker`
page/     the page itself: HTML, style and script, nothing from the network

Starlette and uvicorn (the extra `studio`) carry it. The server decodes no media and runs no node:
both happen in the worker, whose store survives being killed.
"""
