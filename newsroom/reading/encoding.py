"""Bytes to text, as a browser would read a feed's encoding, and more leniently where it lies.

The order is a byte order mark, the server's charset, the document's own declaration, UTF-8. Labels
mean what the Encoding Standard (encoding.spec.whatwg.org, section 4.2) says they mean: “iso-8859-1”
is windows-1252, “gb2312” is gb18030. A text whose bytes don't fit its label is read as UTF-8 where
they do fit, and stray bytes as windows-1252, so one wrong byte doesn't cost a whole feed.
"""

import codecs
import contextlib
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]{1,40})", re.I)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:+-]{1,40})""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")

_CODECS = {
    "gb18030": "chinese csgb2312 csiso58gb231280 gb18030 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 "
    "x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 "
    "ksc5601 ksc_5601 windows-949",
    "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 "
    "iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 "
    "iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp866": "866 cp866 csibm866 ibm866",
    "koi8_u": "koi8-ru koi8-u",
    "koi8_r": "cskoi8r koi koi8 koi8-r koi8_r",
    "mac_roman": "csmacintosh mac macintosh x-mac-roman",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "iso8859_8": "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e "
    "iso-8859-8-i iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual",
    "iso8859_6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 "
    "iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso8859_7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 "
    "iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek",
    "iso8859_15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
}
"""Where the standard's meaning of a label isn't Python's, or Python doesn't know it."""
_LABELS = {label: codec for codec, labels in _CODECS.items() for label in labels.split()}


def _stray(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that an encoding has no character for as windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "ignore"), error.end


codecs.register_error("newsroom-stray", _stray)


def codec_of(label: str) -> str | None:
    """The name of Python's codec for a label; None for one that no browser would know either."""
    name = label.strip().lower()
    if name in _LABELS:
        return _LABELS[name]
    match = re.fullmatch(r"(?:x-cp|cp|windows-)(125[0-8])", name)
    if match:
        return f"cp{match[1]}"
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found.startswith("iso") or found in ("euc_jp", "utf-8") else None


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a feed, without byte order mark and without its XML declaration."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _undeclared(body[len(mark) :].decode(codec, "newsroom-stray"))
    charset = _CHARSET.search(content_type)
    said = _DECLARED.match(body[:400])
    labels = [charset[1] if charset else "", said[1].decode("ascii") if said else ""]
    known = [name for label in labels if label and (name := codec_of(label))]
    if (wide := _wide(body)) is not None:
        known = [wide]
    elif known and known[0].startswith("utf-16"):  # its declaration was readable as ASCII
        known = known[1:] if len(known) > 1 and not known[1].startswith("utf-16") else []
    if "cp1252" in known:  # where it fits, UTF-8 is never there by accident
        known.insert(0, "utf-8")
    for label in [*known, "utf-8"]:
        with contextlib.suppress(UnicodeDecodeError):
            return _undeclared(body.decode(label))
    chosen = next((codec for codec in known if codec not in ("utf-8", "cp1252")), "utf-8")
    return _undeclared(body.decode(chosen, "newsroom-stray"))


def _wide(body: bytes) -> str | None:
    """UTF-16 without a mark, told by its first “<” (XML 1.0, appendix F)."""
    if body[:2] == b"<\0":
        return "utf-16-le"
    return "utf-16-be" if body[:2] == b"\0<" else None


def _undeclared(text: str) -> str:
    return _DECLARATION.sub("", text, count=1)
