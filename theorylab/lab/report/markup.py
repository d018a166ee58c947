"""From text with LaTeX in it to HTML that needs no network: formulas become MathML, which browsers draw themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from markupsafe import Markup, escape

__all__ = ["math_markup", "statement_markup", "text_markup"]

_FUNCTIONS = "log|ln|exp|max|min|sup|inf|Pr|arg|lim|det|span"
_NAME = rf"<m[io][^>]*>(?:{_FUNCTIONS})</m[io]>"
_BEFORE = re.compile(rf"(</m(?:i|n|row|sqrt|frac|sub|sup|subsup)>)(?=(?:<msu[bp]>)?{_NAME})")
_AFTER = re.compile(  # a function, perhaps with a script, before something that is no bracket
    rf"(<msu[bp]>{_NAME}<m([in])>[^<]*</m\2></msu[bp]>|(?<!<msub>)(?<!<msup>)(?<!<munder>){_NAME})(?=<m(?:[inr]|sqrt|frac|sub|sup|over))"
)
_THIN = '<mspace width="0.167em" />'
_PIECES = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]|`([^`]+)`", re.DOTALL)
_PROTECTED = re.compile(
    r"\\(?:text|textrm|textit|textbf|mbox|mathrm|mathit|mathbf|mathsf|mathtt|operatorname|begin|end)\*?\s*\{[^{}]*\}"
    r"|\\[a-zA-Z]+|\\."
    r"|(?P<words>(?<![A-Za-z])(?:[a-z]{2} +)?[A-Za-z]{3,}(?:[ -]+[A-Za-z]{2,})*)"
)


@lru_cache(maxsize=1024)
def math_markup(latex: str, *, display: bool = False) -> Markup:
    r"""A formula as MathML; one that cannot be converted is shown as its source.

    The source stays inside as an annotation, for copying and for readers of the page that are not people.

    Examples
    --------
    >>> "<msqrt>" in math_markup(r"\sqrt{T}")
    True
    >>> math_markup(r"\frac{1}{")
    Markup('<code class="tex">\\frac{1}{</code>')
    """
    from latex2mathml import converter, exceptions

    source = latex.strip()
    try:
        found = converter.convert(source, display="block" if display else "inline")
    except (exceptions.NoAvailableTokensError, ValueError, IndexError, KeyError, TypeError, AttributeError):
        found = ""
    except Exception as error:
        if type(error).__module__ != exceptions.__name__:
            raise
        found = ""
    if not found or re.search(r"\\[a-zA-Z]", found):  # an unknown command comes through as it is
        return Markup('<code class="tex">{}</code>').format(source)
    found = re.sub(r"&(?!#|\w+;)", "&amp;", found)
    found = _AFTER.sub(rf"\1{_THIN}", _BEFORE.sub(rf"\1{_THIN}", found))
    head = '<math display="block">' if display else "<math>"
    body = re.sub(r"^<math[^>]*>|</math>$", "", found)
    note = escape(source)
    return Markup(
        f'{head}<semantics>{body}<annotation encoding="application/x-tex">{note}</annotation></semantics></math>'
    )


def text_markup(text: str) -> Markup:
    r"""Prose with ``$...$`` formulas and ```code``` in backticks.

    Examples
    --------
    >>> text_markup("use `ucrl2` & wait")
    Markup('use <code>ucrl2</code> &amp; wait')
    """
    return _pieces(text, escape)


def _pieces(text: str, prose: Callable[[str], Markup]) -> Markup:
    out, position = [], 0
    for match in _PIECES.finditer(text):
        out.append(prose(text[position : match.start()]))
        position = match.end()
        if match[5] is not None:
            out.append(Markup("<code>{}</code>").format(match[5]))
        else:
            out.append(math_markup(next(g for g in match.groups() if g is not None)))
    out.append(prose(text[position:]))
    return Markup("").join(out)


def statement_markup(text: str) -> Markup:
    r"""A statement: prose with ``$``, or bare LaTeX in which English words are set as words, or plain text.

    Examples
    --------
    >>> " with probability at least <math>" in statement_markup(r"R_T \le D with probability at least 1 - \delta")
    True
    >>> statement_markup("span(u) <= D")
    Markup('span(u) &lt;= D')
    """
    text = text.strip()
    if _PIECES.search(text):
        return _pieces(text, _bare)
    return _bare(text)


def _bare(text: str) -> Markup:
    """Text without marked formulas: LaTeX when it holds a command, with English words between formulas as prose."""
    if not re.search(r"\\[a-zA-Z]", text):
        return escape(text)
    out, start = [], 0
    for match in _PROTECTED.finditer(text):
        if match["words"] is not None and not match["words"].isupper() and _outside(text[: match.start()]):
            out += [_formula(text[start : match.start()]), escape(match["words"])]
            start = match.end()
    if not out:
        return math_markup(_PROTECTED.sub(_word, text), display=len(text) > 40)
    return Markup("").join([*out, _formula(text[start:])])


def _outside(before: str) -> bool:
    """Whether no brace and no stretched bracket is open."""
    bare = re.sub(r"\\[{}]", "", before)
    stretched = len(re.findall(r"\\left\b", before)) - len(re.findall(r"\\right\b", before))
    return bare.count("{") == bare.count("}") and stretched == 0


def _formula(piece: str) -> Markup:
    """A piece between words: a formula with its outer spaces kept, or mere punctuation."""
    core = piece.strip()
    if not re.search(r"[A-Za-z0-9\\]", core):
        return escape(piece)
    head, _, tail = piece.partition(core)
    return escape(head) + math_markup(_PROTECTED.sub(_word, core)) + escape(tail)


def _word(match: re.Match[str]) -> str:
    words = match["words"]
    if words is None or words.isupper():  # DSAT is a product
        return match[0]
    return rf"\text{{ {words} }}"
