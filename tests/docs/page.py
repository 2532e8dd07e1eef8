"""Run the examples of a page of the documentation in their order, as in one notebook.

python     run as a cell
pycon      run with what it prints held against what the page says
yaml       written to the file that its first line names: # mine.yaml

Used as `python page.py FILE`; exits with 1 and says where page and truth differ.
"""

import doctest
import linecache
import re
import sys
import types
from pathlib import Path

BLOCK = re.compile(r"^```(python|pycon|yaml)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(page: Path) -> int:
    """Run a page; gives the number of examples that went wrong."""
    notebook = types.ModuleType("__main__")  # has no file, as in IPython
    sys.modules["__main__"] = notebook
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        language, code = block.groups()
        line = text.count("\n", 0, block.start()) + 2
        name = f"<{page.name}, line {line}>"
        if language == "yaml":
            named = re.match(r"# (\w+\.yaml)\n", code)
            if named:
                Path(named[1]).write_text(code)
        elif language == "python":
            linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
            exec(compile(code, name, "exec"), vars(notebook))
        else:
            test = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), line - 1)
            test.globs = vars(notebook)
            runner.run(test, clear_globs=False)
    return runner.summarize(verbose=False).failed


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])) > 0)
