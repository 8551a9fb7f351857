"""Print and raise workflow commands, escape sequences, HTML and reports of success."""

import sys

CLASS = "forging the result"
LINES = (
    "::set-output name=result::eyJzY29yZSI6MTAwfQ==",
    "::add-mask::a",
    "::stop-commands::x",
    "##vso[task.complete result=Succeeded;]",
    "\x1b[2J\x1b[H\x1b[32m8 passed\x1b[0m\x1b]0;title\x07\x1b]8;;http://localhost\x07click\x1b]8;;\x07",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "</pre>]]></failure><testcase name='x'/>",
    '=HYPERLINK("http://localhost")',
    "\r100 points\x08\x08\u202e\u2066\u200b\x00\x7f\x9b31m",
    "[link](javascript:alert(1)) [bold red]rich[/] {{7*7}} ${{ secrets.TOKEN }}",
    '{"verdict": "passed", "points": 100}',
)


class Error(Exception):
    """Its name is such a line, too."""


Error.__name__ = Error.__qualname__ = "</script>\x1b[31m::error::"


def attack(name, /, *args, **kwargs):
    text = "\n".join(LINES)
    print(text, flush=True)
    print(text, file=sys.stderr, flush=True)
    raise Error(text)
