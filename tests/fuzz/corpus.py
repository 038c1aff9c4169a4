"""What attackers write where people are read: titles, names, YAML, what models say. Each by what it is after."""

from __future__ import annotations

from hypothesis import strategies as st

MENTIONS = (
    "@acme/risk",
    "@octocat",
    "cc @octocat, please",
    "(@octocat)",
    "@octocat's",
    "ada@evil.example",
    "x/@octocat",
)
LINKS = (
    *(
        "https://evil.example/a?b=c#d",
        "http://evil.example",
        "ftp://evil.example",
        "www.evil.example",
        "WWW.EVIL.EXAMPLE",
    ),
    *("mailto:ada@evil.example", "xmpp:ada@evil.example/x", "<https://evil.example>", "<ada@evil.example>"),
    *("[go](https://evil.example)", "[go][1]\n\n[1]: https://evil.example", "[go]: https://evil.example"),
    *("![i](https://evil.example/p.png)", "[![i](//evil.example/p)](//evil.example)", "[x](javascript:alert(1))"),
    *('<a href="https://evil.example">x</a>', "<img src=https://evil.example/p.png>", "(www.evil.example)"),
    *("\\[go](https://evil.example)", "\\\\[go](https://evil.example)", "https\\://evil.example", "*www.evil.example*"),
)
REFERENCES = (
    *("#1", "fixes #1", "Closes: #1", "resolved acme/promotions#1", "GH-1", "gh-1", "acme/x#3", "octocat#3", "(#1)"),
    *("fixes https://github.com/acme/promotions/issues/1", "6dcb09b5b57875f334f61aebed695e2e4193db5e", "(6dcb09b)"),
    *("acme/x@6dcb09b5b57875f334f61aebed695e2e4193db5e", "octocat@6dcb09b", ":tada:", ":+1:", "[^1]", "[^1]: note"),
)
MARKUP = (
    *("# Head", "## Head", "Head\n===", "Head\n---", "===", "---", "- - -", "***", "* * *", "___", "> quote", "- item"),
    *("+ item", "* item", "1. item", "1) item", "12345678. item", "- [ ] task", "- [x] done", "> [!WARNING]\n> run!"),
    *(
        "**bold**",
        "__bold__",
        "_it_",
        "~~gone~~",
        "~gone~",
        "`code`",
        "``` \ncode\n```",
        "~~~\ncode",
        "    code",
        "\tcode",
    ),
    *(
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "|",
        "\\|",
        "\\\\|",
        "a\nb",
        "a  \nb",
        "a\\\nb",
        "\r\n\r\n# Head",
        "\u2028# Head",
    ),
    *(
        "$x$",
        "$$x$$",
        "$`x`$",
        "```mermaid\ngraph TD\n```",
        "&lt;b&gt;",
        "&#60;b&#62;",
        "&#x40;octocat",
        "&commat;octocat",
    ),
    *("<!-- hidden", "-->", "<details><summary>x</summary>", "</details>", "</code>", "</td></tr></table>", "<br>"),
    *("<script>alert(1)</script>", "<svg onload=alert(1)>", "<style>*{display:none}</style>", "<?php", "<![CDATA[x]]>"),
    *(
        '" onmouseover="alert(1)',
        "' onmouseover='alert(1)",
        "{{ 7*7 }}",
        "{% include 'x' %}",
        "${7*7}",
        "#{7*7}",
        "%s%n",
    ),
)
UNSEEN = (
    *("\u202egnp.exe", "\u202d", "\u2066x\u2069", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u180e", "\u3164"),
    *(
        "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
        "\u115f",
        "\u2800",
        "\U000e0041\U000e0042",
        "\ufe01",
        "\U000e0101",
    ),
    *(
        "@\u200boctocat",
        "ht\u200btps://evil.example",
        "\u0000",
        "\u0007",
        "\u0008",
        "\x7f",
        "\x85",
        "\x9b31m",
        "\ue000",
    ),
)
ESCAPES = (
    *("\x1b[31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\go\x1b]8;;\x1b\\"),
    *(
        "\x1b]52;c;ZXZpbA==\x07",
        "\x1b[6n",
        "\x1bP+q544e\x1b\\",
        "\x9b2J",
        "\x1b[1A\x1b[2Kpassed",
        "a\rpassed",
        "a\x08b",
    ),
    *("[red]x[/red]", "[link=https://evil.example]x[/link]", "[/]", "\x1b[0Ksection_start:1:x\r\x1b[0K"),
)
COMMANDS = (
    *("::set-output name=asked::1", "::add-mask::1", "::add-mask::e", "::stop-commands::x", "::add-path::/tmp"),
    *("::set-env name=PATH::/tmp", "::add-matcher::/tmp/m.json", "::group::x", "::endgroup::", "::error file=a::b"),
    *("::save-state name=x::1", "::warning ::x", "::debug::x", "::echo::on", "  ::add-mask::x", "\t::add-mask::x"),
    *("\n::add-mask::x", "\r::add-mask::x", "\r\n::add-mask::x", "\u2028::add-mask::x", "\u00a0::add-mask::x"),
    *("\u3000::add-mask::x", "\u200b::add-mask::x", "##[add-mask]x", "x ##[set-output name=a]b", "##[group]x"),
    *("##vso[task.setvariable variable=x]y", "##teamcity[message text='x']", "a\n##[add-mask]x", "##[command]x"),
    *("asked=1\nPATH=/tmp", "asked<<EOF\n1\nEOF", "x\nGITHUB_ENV", "EOF", "ghadelimiter_1"),
)
NAMES = (
    *(
        "--upload-pack=touch /tmp/pwned",
        "-oProxyCommand=x",
        "--",
        "-",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "a/../b",
    ),
    *(
        "$(touch /tmp/pwned)",
        "`touch /tmp/pwned`",
        "a;touch /tmp/pwned",
        "a|touch x",
        "a&&touch x",
        "a\ntouch x",
        "a b",
    ),
    *(
        "HEAD",
        "main",
        "origin/main",
        "refs/heads/main",
        "@{-1}",
        "a@{0}",
        "a^{/x}",
        ":/x",
        "a..b",
        "a:b",
        "*",
        "?",
        "[a]",
    ),
    *("con.yaml", "a.yaml.yaml", ".yaml", "a..yaml", "%2e%2e%2f", "a%0ab", "É", "ｍain", "ma\u0131n", "x" * 300),
)
EVERYTHING = (*MENTIONS, *LINKS, *REFERENCES, *MARKUP, *UNSEEN, *ESCAPES, *COMMANDS, *NAMES)

# Halves of surrogate pairs come from file names that are no text.
_LETTERS = st.text(st.characters(), max_size=10)
texts = st.lists(st.one_of(st.sampled_from(EVERYTHING), _LETTERS), max_size=5).map("".join)
