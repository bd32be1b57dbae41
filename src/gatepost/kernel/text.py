"""Text that people type, brought to one comparable and storable form (PRECIS: RFC 8264, 8265; IDNA: RFC 5890 to 5895).

Two spellings that a reader or a mail system takes for one must not make two users, and two mailboxes must not make
one: what is equivalent is mapped, what is doubtful is refused. `InvalidInput` is the only exception, whatever the
text, and its words never repeat the value.

Not covered: look-alikes written wholly in one other script (all of them Cyrillic), which are real names too.
"""

import re
import unicodedata
from itertools import chain
from urllib.parse import unquote, urlsplit

from gatepost.kernel.errors import InvalidInput

MAX_EMAIL = 254  # octets: RFC 5321, section 4.5.3.1.3, less the angle brackets (RFC 3696, erratum 1690)
MAX_USERNAME = 64
MIN_USERNAME = 2
MAX_PASSWORD = 128  # code points, once normalized
_MAX_PASSWORD_BYTES = 4096
_MAX_LOCAL_PART = 64  # octets: RFC 5321, section 4.5.3.1.1
_MAX_DOMAIN, _MAX_LABEL, _MIN_LABELS = 253, 63, 2
_SHRINK = 4  # no normal form makes a text of letters more than this many times shorter

_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~")  # RFC 5322, section 3.2.3
_LETTERS_DIGITS_HYPHEN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Invisible although letters or marks by category (Default_Ignorable_Code_Point); the other ignorables are category Cf.
_INVISIBLE = frozenset(
    map(
        chr,
        chain(
            (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            range(0x180B, 0x1810),
            range(0xFE00, 0xFE10),
            range(0xE0100, 0xE01F0),
        ),
    )
)
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # UAX 9, sections 2.1 to 2.4
_IDNA_DEVIATIONS = frozenset("ßς")  # not stable under case folding, and yet valid in a name: RFC 5892, section 2.6
_PUNCTUATION = frozenset("._-")
_TATWEEL = "\u0640"
# Scripts that one language mixes (UTS 39, section 5.1, "highly restrictive"), by the first word of a character's name.
_WRITTEN_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}),
    frozenset({"CJK", "IDEOGRAPHIC", "HANGUL"}),
    frozenset({"CJK", "IDEOGRAPHIC", "BOPOMOFO"}),
)

_MAX_RETURN_URL = 2048
_MAX_ENCODINGS = 4
_VISIBLE_ASCII = re.compile(r"[!-\[\]-~]+")  # no backslash: browsers read one as "/" (WHATWG URL, section 4.4)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_storable(value: str) -> bool:
    """Tell whether every database of ours can hold the text: no NUL, no lone surrogate."""
    return "\0" not in value and _SURROGATE.search(value) is None


def normalize_email(value: str, *, field: str = "email") -> str:
    """Return the one form of an address: lower case, local part in NFC, domain in A-labels.

    RFC 5321 lets a host tell cases apart; none that matters does, and people do not know which they typed.
    Quoted local parts, comments, display names and address literals are refused, and so is a local part that
    compatibility mapping or case folding would make equal to another one.

    Raises:
        InvalidInput: it is no such address.
    """
    if len(value) > MAX_EMAIL * _SHRINK:
        raise InvalidInput(field, "is too long")
    local, at, domain = value.partition("@")
    if not at or "@" in domain:
        raise InvalidInput(field, "must be an address of the form name@domain")
    address = f"{_local_part(local, field)}@{_domain(domain, field)}"
    if len(address.encode()) > MAX_EMAIL:
        raise InvalidInput(field, "is too long")
    return address


def normalize_username(value: str, *, field: str = "username") -> str:
    """Return the one form of a username (after UsernameCaseMapped, RFC 8265, section 3.3).

    Width and compatibility variants, case and digits of other scripts are mapped; the letters must be of one script.

    Raises:
        InvalidInput: too short or long, other characters than letters, digits and `._-`, scripts mixed.
    """
    if len(value) > MAX_USERNAME * _SHRINK:
        raise InvalidInput(field, "is too long")
    name = _nfkc(_nfkc(value).casefold()).replace("i\u0307", "i")  # the Turkish capital, folded, only looks like "i"
    name = "".join(str(unicodedata.decimal(char, char)) for char in name)
    if not MIN_USERNAME <= len(name) <= MAX_USERNAME:
        raise InvalidInput(field, f"must have {MIN_USERNAME} to {MAX_USERNAME} characters")
    if not all(_is_letter(char) or _is_digit(char) or char in _PUNCTUATION for char in name):
        raise InvalidInput(field, "may contain letters, digits, '.', '_' and '-' only")
    if _is_mark(name[0]) or name[0] in _PUNCTUATION or name[-1] in _PUNCTUATION:
        raise InvalidInput(field, "must begin and end with a letter or a digit")
    scripts = {unicodedata.name(char).split(" ", 1)[0] for char in name if _is_letter(char)}
    if len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER):
        raise InvalidInput(field, "must not mix letters of different scripts")
    if _nfkc(name.casefold()) != name:  # a second reading must not give another name
        raise InvalidInput(field, "has a letter that cannot be compared safely")
    return name


def normalize_identifier(value: str) -> str:
    """Return the one form of what a person signs in with: an address where there is an "@", else a username.

    Raises:
        InvalidInput: it is neither, so that no user can have it.
    """
    normalize = normalize_email if "@" in value else normalize_username
    return normalize(value, field="identifier")


def normalize_password(value: str, *, field: str = "password") -> str:
    """Return the one form of a password (OpaqueString, RFC 8265, section 4.2): spaces mapped, NFC, never trimmed.

    Raises:
        InvalidInput: empty, too long, or with a control character or a lone surrogate.
    """
    if len(value) > _MAX_PASSWORD_BYTES or len(value.encode("utf-8", "surrogatepass")) > _MAX_PASSWORD_BYTES:
        raise InvalidInput(field, "is too long")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
        raise InvalidInput(field, "must not contain control characters")
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in value)
    password = unicodedata.normalize("NFC", spaced)
    if not password:
        raise InvalidInput(field, "must not be empty")
    if len(password) > MAX_PASSWORD:
        raise InvalidInput(field, f"must have at most {MAX_PASSWORD} characters")
    return password


def clean_text(value: str, *, field: str, max_length: int) -> str:
    """Return text for display (a name, a label) in NFC and trimmed.

    Raises:
        InvalidInput: longer than `max_length` code points, or with a control character, a line separator, a lone
            surrogate, or an embedding or override that would reorder what stands around it.
    """
    if len(value) > max_length * _SHRINK:
        raise InvalidInput(field, f"must have at most {max_length} characters")
    text = unicodedata.normalize("NFC", value.strip())
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _BIDI_CONTROLS for char in text):
        raise InvalidInput(field, "must not contain control characters")
    if len(text) > max_length:
        raise InvalidInput(field, f"must have at most {max_length} characters")
    return text


def _local_part(local: str, field: str) -> str:
    composed = unicodedata.normalize("NFC", local)
    if _nfkc(composed) != composed or any(char.lower() != char.casefold() for char in composed):
        raise InvalidInput(field, "has a letter before the '@' that cannot be compared safely")
    lowered = _lower(composed)
    # An empty atom is a leading, trailing or doubled dot (RFC 5322, section 3.2.3).
    if not all(atom and not _is_mark(atom[0]) and all(map(_is_atext, atom)) for atom in lowered.split(".")):
        raise InvalidInput(field, "has a character before the '@' that is not allowed there")
    if _lower(lowered) != lowered or _nfkc(lowered) != lowered:
        raise InvalidInput(field, "has a letter before the '@' that cannot be compared safely")
    if len(lowered.encode()) > _MAX_LOCAL_PART:
        raise InvalidInput(field, "is too long before the '@'")
    return lowered


def _domain(domain: str, field: str) -> str:
    labels = [_label(label, field) for label in domain.split(".")]
    name = ".".join(labels)
    if len(labels) < _MIN_LABELS or labels[-1].isdigit() or len(name) > _MAX_DOMAIN:
        raise InvalidInput(field, "must have a domain name after the '@'")
    return name


def _label(label: str, field: str) -> str:
    """Return the lower-case LDH label or A-label; an A-label must be the one spelling of a valid U-label."""
    ascii_label = label.lower() if label.isascii() else _a_label(_lower(unicodedata.normalize("NFC", label)), field)
    if len(ascii_label) > _MAX_LABEL or not _LETTERS_DIGITS_HYPHEN.fullmatch(ascii_label):
        raise InvalidInput(field, "must have a domain name after the '@'")
    if ascii_label[2:4] == "--":  # reserved for IDNA: RFC 5890, section 2.3.1
        try:
            decoded = ascii_label.removeprefix("xn--").encode("ascii").decode("punycode")
        except (UnicodeError, ValueError, OverflowError):
            raise InvalidInput(field, "has a domain that is not a valid international name") from None
        if decoded.isascii() or _a_label(decoded, field) != ascii_label:
            raise InvalidInput(field, "has a domain that is not a valid international name")
    return ascii_label


def _a_label(label: str, field: str) -> str:
    """Return the A-label of a U-label; stricter than RFC 5892: letters and ASCII digits only, no contextual ones."""
    stable = all(_nfkc(char.casefold()) == char or char in _IDNA_DEVIATIONS for char in label)
    if (
        not stable
        or _nfkc(label) != label
        or not all(_is_letter(char) or _is_digit(char) or char == "-" for char in label)
        or _is_mark(label[0])
        or "-" in {label[0], label[-1]}
        or label[2:4] == "--"
    ):
        raise InvalidInput(field, "has a domain that is not a valid international name")
    return "xn--" + label.encode("punycode").decode("ascii")


def _is_letter(char: str) -> bool:
    """Letters and the marks that belong to one script; a mark for any script can hide on a letter (an "i" with dot)."""
    category = unicodedata.category(char)
    if category[0] not in "LM" or category == "Me" or char in _INVISIBLE or char == _TATWEEL:
        return False
    name = unicodedata.name(char, "")
    return bool(name) and not name.startswith("COMBINING ")


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _is_atext(char: str) -> bool:
    """RFC 5322, section 3.2.3, and the letters that RFC 6531 adds."""
    return char in _ATEXT or (not char.isascii() and _is_letter(char))


def _lower(text: str) -> str:
    """Lower-case letter by letter: `str.lower` on a word makes a final sigma of the last one."""
    return unicodedata.normalize("NFC", "".join(char.lower() for char in text))


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def safe_return_url(value: str | None, *, public_url: str, default: str = "/") -> str:
    """Return where to send a browser after a flow: a path of our own origin, else `default`.

    An absolute URL of our own origin is reduced to its path, so that the answer never names a host. What some
    browser, proxy or framework could read as another place, at once or after decoding, is not repaired.
    """
    if not value or len(value) > _MAX_RETURN_URL or not _VISIBLE_ASCII.fullmatch(value):
        return default
    target = value
    if not target.startswith("/"):
        origin = _origin(public_url)
        if not target.startswith(origin) or target[len(origin) :][:1] not in {"", "/", "?", "#"}:
            return default
        target = target[len(origin) :]
        target = target if target.startswith("/") else f"/{target}"
    return target if _is_plain_path(re.split("[?#]", target, maxsplit=1)[0]) else default


def _origin(public_url: str) -> str:
    """Return scheme, host and port as a browser writes an origin (RFC 6454, section 6.2)."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _is_plain_path(path: str) -> bool:
    """Neither an empty segment nor a dot segment, a backslash or a control character, however often it is decoded."""
    for _ in range(_MAX_ENCODINGS):
        segments = path.split("/")[1:]
        if "" in segments[:-1] or not {".", ".."}.isdisjoint(segments) or "\\" in path or not path.isprintable():
            return False
        decoded = unquote(path)
        if decoded == path:
            return True
        path = decoded
    return False
