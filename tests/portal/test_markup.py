"""What pages leave out, a browser puts in again."""

import re

import html5lib
import pytest

from portal.markup import shortened


def tree(html: str) -> str:
    """As a browser has it; blanks that it does not show, at the end of an element or behind it, aside."""
    shown = html5lib.serialize(html5lib.parse(html), omit_optional_tags=False, quote_attr_values="always")
    return re.sub(r"\s+(?=</|<(?:li|dt|dd|tr|th|td)\b)", "", shown)


@pytest.mark.parametrize(
    "html",
    [
        '<ul class="rules">\n<li>a</li>\n<li><ul><li id="b-1">b</li></ul></li>\n</ul>\n<p lang="en">c</p>',
        "<dl>\n<div><dt>a</dt><dd>b</dd></div>\n<div><dt>c</dt><dd><ul><li>d</li></ul></dd></div>\n</dl>",
        '<table>\n<caption>a</caption>\n<thead><tr><th scope="col">b</th></tr></thead>\n'
        '<tbody>\n<tr><th scope="row">c</th><td>d</td></tr>\n<tr><th scope="row">e</th></tr>\n</tbody></table>',
        '<a href="/docs/" class="to">a</a><a href="/docs?a=b" title="a b" data-x="">c</a><p class="d e" id="f">g</p>',
        '<pre translate="no">a="b" c=&gt; d="e"\n&lt;f g="h"&gt;</pre><q title="&#34;i&#34;" lang="en">j="k" </q>',
    ],
)
def test_is_the_same_page(html: str) -> None:
    assert tree(shortened(html)) == tree(html)
    assert len(shortened(html)) < len(html)


def test_keeps_quotes_that_texts_have() -> None:
    script = '<script type="application/json">{"a":"b=","c":"d=\\u003e"}</script>'
    assert shortened(script) == '<script type=application/json>{"a":"b=","c":"d=\\u003e"}</script>'
