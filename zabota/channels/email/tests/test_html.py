"""What a page says, as text."""

import pytest

from zabota.channels.email.html import html_to_text
from zabota.core.html import clean_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("one<br>two", "one\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("  a \n  <b>b</b>\tc &amp; &lt;d&gt; ", "a b c & <d>"),
        ("a&nbsp;b", "a b"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b\n\nc</pre>d", "a\n  b\n\nc\n\nd"),
        ("a<hr>b", "a\n____________________\nb"),
        ('<img src="cid:x" alt="чайник">', "[чайник]"),
        ('<a href="https://example.com/x">here</a>', "here (https://example.com/x)"),
        ('<a href="https://example.com/">example.com</a>', "example.com"),
        ('<a href="https://example.com/x"><img src="cid:x"></a>', ""),
        ("<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "> b\n> c\n>\n>> d\n\ne"),
        ('a<blockquote style="margin:0 0 0 40px;border:none;padding:0">b</blockquote>', "a\n\nb"),
        ("<style>p{}</style><script>x</script><title>t</title>a", "a"),
        ("", ""),
    ],
)  # fmt: skip
def test_text(html: str, text: str) -> None:
    assert html_to_text(clean_html(html)) == text
