"""Files that people send: accepted by what they contain, never by what they call themselves."""

import errno
import hashlib
import io
import re
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import olefile
from django import forms
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from rdfast.core.refusals import RuleBroken

# Full, over its quota, or out of order so that the kernel made it read-only.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def _zip_names(head: BinaryIO) -> set[str]:
    try:
        with zipfile.ZipFile(head) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return set()


def _office(folder: str) -> Callable[[BinaryIO], bool]:
    def is_office(file: BinaryIO) -> bool:
        names = _zip_names(file)
        return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)

    return is_office


def _is_hwpx(file: BinaryIO) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            entry = archive.getinfo("mimetype")
            return (
                entry.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
                and archive.open(entry).read(64).strip() == b"application/hwp+zip"
            )
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, ValueError, RuntimeError):
        return False


def _ole_with(stream: str, start: bytes = b"") -> Callable[[BinaryIO], bool]:
    def has_stream(file: BinaryIO) -> bool:
        try:
            with olefile.OleFileIO(io.BytesIO(file.read())) as ole:
                return bool(ole.exists(stream)) and ole.openstream(stream).read(len(start)) == start
        except (OSError, ValueError, TypeError, IndexError):
            return False

    return has_stream


def _starts_with(*heads: bytes) -> Callable[[BinaryIO], bool]:
    def starts(file: BinaryIO) -> bool:
        return file.read(16).startswith(heads)

    return starts


# What each ending promises: the served content type, and the check that keeps the promise.
KINDS: dict[str, tuple[str, Callable[[BinaryIO], bool]]] = {
    "pdf": ("application/pdf", _starts_with(b"%PDF-")),
    "hwp": ("application/x-hwp", _ole_with("FileHeader", b"HWP Document File")),
    "hwpx": ("application/hwp+zip", _is_hwpx),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _office("word/")),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _office("xl/")),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", _office("ppt/")),
    "doc": ("application/msword", _ole_with("WordDocument")),
    "xls": ("application/vnd.ms-excel", _ole_with("Workbook")),
    "ppt": ("application/vnd.ms-powerpoint", _ole_with("PowerPoint Document")),
    "png": ("image/png", _starts_with(b"\x89PNG\r\n\x1a\n")),
    "jpg": ("image/jpeg", _starts_with(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _starts_with(b"\xff\xd8\xff")),
    "gif": ("image/gif", _starts_with(b"GIF87a", b"GIF89a")),
}
ACCEPT = ",".join(f".{ending}" for ending in KINDS)


def ending_of(name: str) -> str:
    """The lower-case ending of a file name, without its dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def content_type_of(name: str) -> str:
    """The content type a checked file of this name is served with."""
    return KINDS[ending_of(name)][0]


def plain_name(name: str) -> str:
    """The file name without folders and without characters that headers or shells could misread."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return re.sub(r'[\x00-\x1f\x7f"<>|:*?]', "_", last)[-150:] or "file"


def sha256_of(file: Any) -> str:
    """The SHA-256 of the whole file, as hex."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


@dataclass(frozen=True)
class Stored:
    """A checked file that lies in the storage under a random name."""

    path: str
    name: str
    size: int
    sha256: str
    content_type: str


class NoRoom(RuleBroken):
    """The disk takes no more files."""

    def __init__(self) -> None:
        super().__init__(
            _("There is no room for files at the moment. Nothing was saved; please try again in an hour.")
        )


@contextmanager
def storing(files: Iterable[Any]) -> Iterator[list[Stored]]:
    """Checked files in the storage, under random names, for the operation that records them.

    They are removed again when it fails, and when the last of them did not get in. Raises NoRoom.
    """
    named = [(f"{uuid.uuid4().hex}.{ending_of(file.name)}", file) for file in files]
    try:
        yield [_store(path, file) for path, file in named]
    except BaseException:
        for path, _file in named:
            default_storage.delete(path)
        raise


def _store(path: str, file: Any) -> Stored:
    try:
        default_storage.save(path, file)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise NoRoom from error
        raise
    return Stored(
        path=path,
        name=plain_name(file.name),
        size=file.size,
        sha256=sha256_of(file),
        content_type=content_type_of(file.name),
    )


class StoredFile(models.Model):
    """The record of a stored file; each stage that takes evidence has its own table of them."""

    path = models.CharField(max_length=60, unique=True)
    name = models.CharField(_("file name"), max_length=150)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=100)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several checked files: not empty, not too large, of a known type, and truly of that type."""

    default_error_messages = {
        "kind": _("“%(name)s” is not accepted. Send PDF, HWP, HWPX, office documents or images."),
        "lying": _("“%(name)s” is not what its ending says. Save it again in the right format."),
        "empty_file": _("“%(name)s” is empty."),
        "too_large": _("“%(name)s” has %(size)s; at most %(limit)s are accepted."),
        "too_many": _("Send at most %(limit)s files at once."),
    }
    LIMIT = 10

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", ManyFilesInput(attrs={"accept": ACCEPT}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if not files:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return []
        if len(files) > self.LIMIT:
            raise self._refusal("too_many", limit=self.LIMIT)
        for file in files:
            self._check(file)
        return files

    def _check(self, file: Any) -> None:
        if file.size == 0:
            raise self._refusal("empty_file", name=file.name)
        limit = settings.UPLOAD_LIMIT_BYTES
        if file.size > limit:
            size = filesizeformat(file.size)
            raise self._refusal("too_large", name=file.name, size=size, limit=filesizeformat(limit))
        if ending_of(file.name) not in KINDS:
            raise self._refusal("kind", name=file.name)
        file.seek(0)
        truly = KINDS[ending_of(file.name)][1](file)
        file.seek(0)
        if not truly:
            raise self._refusal("lying", name=file.name)

    def _refusal(self, code: str, **params: Any) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages[code], code=code, params=params)
