"""The command line: `talkgraph talk | plan | run | runs | report | show | provenance | ...`.

main       puts the commands together, turns errors into one line and an exit code
parser     argparse with the nearest name in its errors
options    options that several commands share, and how their text becomes values
lookup     what text means: a graph by name or YAML file, and its parameters
progress   what a run says while it works: bars, plain lines or nothing
words      options and commands in the place of what the library says
failure    which line and which exit code an error deserves
output     the user's files: checks before any work, the finished file in its place
samples    the built-in speech and photo

One module per command; each has NAME, HELP, `add_arguments(parser)` and `run(args) -> int`. `train`
is a folder with a module per model.
Nothing heavy is imported before a command runs, so that `--help` answers at once.
"""
