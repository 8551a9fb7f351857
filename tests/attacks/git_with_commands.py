"""A checkout whose git configuration runs commands for whoever looks at it with git."""

CLASS = "archive tricks"
COMMAND = "touch /tmp/kata-attack-git"
CONFIG = f"""[core]
\trepositoryformatversion = 0
\tfsmonitor = {COMMAND}
\tsshCommand = {COMMAND}
\tpager = {COMMAND}
\thooksPath = hooks
[filter "evil"]
\tsmudge = {COMMAND}
\tclean = {COMMAND}
[alias]
\tstatus = !{COMMAND}
"""


def make(folder, kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    path = folder / "exercises" / kata.lesson / f"{kata.name}.py"
    path.parent.mkdir(parents=True)
    path.write_text(hollow)
    git = folder / ".git"
    for name in ("objects", "refs", "hooks"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(CONFIG)
    (folder / ".gitattributes").write_text("* filter=evil\n")
    for hook in ("post-checkout", "pre-commit", "fsmonitor-watchman"):
        (git / "hooks" / hook).write_text(f"#!/bin/sh\n{COMMAND}\n")
        (git / "hooks" / hook).chmod(0o755)
    return folder
