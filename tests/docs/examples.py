"""Run the examples of modules, each in a fork of this process: examples define nodes.

What all of them need is loaded once here. Each line of the input is a JSON list of a module and a
folder, which becomes the module's current folder and holds its store and what it printed
(`printed`); each line of the output is an exit code. A node's example is what `talkgraph nodes` and
`help` show: it runs in an empty namespace, as in a prompt that it is pasted into, and so brings its
imports.
"""

import doctest
import importlib
import json
import os
import pkgutil
import sys
import traceback

import numpy  # noqa: F401
import onnxruntime  # noqa: F401
import torch  # noqa: F401  # loaded, not used: a fork has none of its threads

import talkgraph.nodes
from talkgraph.engine import node_class, node_ids

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(name: str, folder: str) -> int:
    """Run a module's examples; gives 1 where one went wrong or there are none."""
    os.chdir(folder)
    os.environ["TALKGRAPH_STORE"] = os.path.join(folder, "store")
    printed = os.open("printed", os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    module = importlib.import_module(name)
    is_node = any(cls.__module__ == name for cls in map(node_class, node_ids()))
    done = doctest.testmod(module, globs={} if is_node else None, optionflags=FLAGS)
    sys.stdout.flush()
    return int(done.failed > 0 or not done.attempted)


def main() -> None:
    """Run what standard input names, one after another."""
    for found in pkgutil.iter_modules(talkgraph.nodes.__path__):
        importlib.import_module(f"talkgraph.nodes.{found.name}")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                code = run(*json.loads(line))
            except BaseException:
                traceback.print_exc()
                code = 1
            os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
