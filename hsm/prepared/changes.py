"""Which objects one signature may touch, and how. What no rule allows is refused."""

import re

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader

from .appearance import require_appearance
from .comparison import changed_keys, references, same
from .errors import IncrementReason
from .fields import BaseField, any_signed, find_unsigned_field
from .metadata import INFORMATION_KEYS, require_metadata_stream, require_same_metadata
from .reach import count_references
from .room import require_room
from .sections import Increment, refuse
from .trailer import check_trailer

VERSION = re.compile(r"/[12]\.\d")
CATALOG_KEYS = {"/AcroForm", "/Perms", "/Extensions", "/Version", "/Metadata"}
BOTH_SIGNATURE_FLAGS = 3
EMPTY = generic.DictionaryObject({})  # type: ignore[no-untyped-call]


class Changes:
    """One increment, judged object by object against the base.

    Every object of the increment is taken once: by the rule that allows it. `require_all_taken` refuses the rest.
    """

    def __init__(self, reader: PdfFileReader, increment: Increment, *, field: str, docmdp: int | None) -> None:
        self._reader = reader
        self._revision = reader.total_revisions - 2
        self._increment = increment
        self._docmdp = docmdp
        self._taken: set[int] = set()
        self.root: generic.DictionaryObject = self._dictionary(self._root_reference(), IncrementReason.CATALOG_CHANGED)
        self._used = count_references(reader.trailer.flatten(self._revision), self._present)
        self.field: BaseField = find_unsigned_field(self.root, field, self.old)
        self.signature_number = 0

    def _root_reference(self) -> generic.IndirectObject:
        reference: generic.PdfObject = self._reader.trailer.raw_get("/Root", revision=self._revision)
        if not isinstance(reference, generic.IndirectObject):
            raise refuse(IncrementReason.MALFORMED, "its catalog is not an object of its own")
        return reference

    def old(self, value: generic.PdfObject) -> generic.PdfObject:
        """What a reference means in the base; anything else is itself."""
        if not isinstance(value, generic.IndirectObject):
            return value
        found: generic.PdfObject = self._reader.get_object(  # type: ignore[no-untyped-call]
            value.reference, revision=self._revision
        )
        return found

    def _present(self, value: generic.PdfObject) -> generic.PdfObject:
        """As `old`; what is not in the base is null (ISO 32000-1, 7.3.10)."""
        try:
            return self.old(value)
        except PdfReadError:
            return generic.NullObject()

    def _dictionary(self, value: generic.PdfObject, reason: IncrementReason) -> generic.DictionaryObject:
        found = self.old(value)
        if not isinstance(found, generic.DictionaryObject):
            raise refuse(reason, "an object that should be a dictionary is not")
        return found

    def _revised(self, number: int) -> generic.PdfObject | None:
        """The increment's version of a base object, taken; None when the increment leaves it alone."""
        placed = self._increment.objects.get(number)
        if placed is None:
            return None
        self._taken.add(number)
        return placed.value

    def _sole(self, number: int) -> generic.PdfObject | None:
        """As `_revised`, for an object that the base names in one place only."""
        # THREAT: the base's page uses its metadata (or extensions, …) as content: a change there changes the page.
        # DEFENCE: such an object may be revised only if nothing else in the base refers to it.
        # TEST: tests/hsm/prepared/test_increment_aliases.py::test_metadata_that_is_also_content_is_refused
        if number in self._increment.objects and self._used[number] != 1:
            raise refuse(
                IncrementReason.OBJECT_CHANGED, f"it changes object {number}, which the document uses elsewhere"
            )
        return self._revised(number)

    def _new(self, value: generic.PdfObject, reason: IncrementReason) -> generic.PdfObject:
        """The new object that a reference names, taken."""
        if not isinstance(value, generic.IndirectObject) or value.idnum < self._increment.base_size:
            raise refuse(reason, "a new value is not a new object")
        placed = self._increment.objects.get(value.idnum)
        if placed is None or placed.generation != value.generation:
            raise refuse(reason, "a new value is missing")
        self._taken.add(value.idnum)
        return placed.value

    def _changed(
        self, old: generic.DictionaryObject, new: generic.PdfObject, allowed: set[str], reason: IncrementReason
    ) -> tuple[generic.DictionaryObject, set[str]]:
        """The new dictionary and its changed keys; refuses a key that is not `allowed`, or one that is gone."""
        if type(new) is not type(old) or not isinstance(new, generic.DictionaryObject):
            raise refuse(reason, "an object changed its kind")
        keys = changed_keys(old, new)
        if not keys <= allowed or not old.keys() <= new.keys():
            raise refuse(reason, f"it changes {', '.join(sorted(keys - allowed)) or 'what it may not'}")
        return new, keys

    def check_all(self) -> generic.DictionaryObject:
        """Check every rule; return the new signature dictionary (its own content is not checked here)."""
        check_trailer(self._increment.trailer, self._reader.trailer.flatten(self._revision))
        self._check_numbers()
        signature = self._check_field()
        self._check_catalog()
        self._check_form()
        self._check_page()
        self._check_information()
        self._require_all_taken()
        return signature

    def _check_numbers(self) -> None:
        """No new object has a number that the base knows or waits for."""
        # THREAT: the page refers to an object that the base lacks (a blank page); the increment brings it as its mark.
        # DEFENCE: a new number is above the base's, and nothing in the base refers to it.
        # TEST: tests/hsm/prepared/test_increment_aliases.py::test_object_that_the_base_waits_for_is_refused
        base_size = self._increment.base_size
        for number in (*self._increment.objects, self._increment.list_number):
            if number >= base_size and self._used[number]:
                raise refuse(IncrementReason.OBJECT_CHANGED, f"it adds object {number}, which the document waits for")
        if 0 < self._increment.list_number < base_size:
            raise refuse(IncrementReason.OBJECT_CHANGED, "its list of objects takes the place of another object")

    def _check_field(self) -> generic.DictionaryObject:
        base = self.field
        merged = base.widget_number == base.number
        revised = self._revised(base.number)
        if revised is None:
            raise refuse(IncrementReason.FIELD_CHANGED, "its field has no signature")
        allowed = {"/V", "/AP"} if merged else {"/V"}
        field, keys = self._changed(base.value, revised, allowed, IncrementReason.FIELD_CHANGED)
        if "/V" not in keys:
            raise refuse(IncrementReason.FIELD_CHANGED, "its field has no signature")
        if merged:
            self._check_widget(field, keys)
        elif (widget := self._revised(base.widget_number)) is not None:
            self._check_widget(*self._changed(base.widget, widget, {"/AP"}, IncrementReason.FIELD_CHANGED))
        reference = field.raw_get("/V")
        signature = self._new(reference, IncrementReason.FIELD_CHANGED)
        if type(signature) is not generic.DictionaryObject:
            raise refuse(IncrementReason.SIGNATURE_DICTIONARY, "its signature is not a dictionary")
        self.signature_number = reference.idnum
        return signature

    def _check_widget(self, widget: generic.DictionaryObject, keys: set[str]) -> None:
        if "/AP" not in keys:
            return
        states = widget.raw_get("/AP")
        if not isinstance(states, generic.DictionaryObject) or set(states) != {"/N"}:
            raise refuse(IncrementReason.APPEARANCE, "its mark has more than one state")
        require_room(self.root, self.field, self._present)
        require_appearance(states.raw_get("/N"), lambda value: self._new(value, IncrementReason.APPEARANCE))

    def _check_catalog(self) -> None:
        number = self._root_reference().idnum
        revised = self._revised(number)
        new, keys = self.root, set[str]()
        if revised is not None:
            new, keys = self._changed(self.root, revised, CATALOG_KEYS, IncrementReason.CATALOG_CHANGED)
        if "/Version" in keys and not (
            isinstance(new.raw_get("/Version"), generic.NameObject) and VERSION.fullmatch(new.raw_get("/Version"))
        ):
            raise refuse(IncrementReason.CATALOG_CHANGED, "its version is not a version")
        self._check_extensions(new, keys)
        self._check_permissions(new, keys)
        if "/Metadata" in keys:
            if "/Metadata" in self.root:
                raise refuse(IncrementReason.METADATA_CHANGED, "it names other metadata")
            require_metadata_stream(self._new(new.raw_get("/Metadata"), IncrementReason.METADATA_CHANGED))
        if "/AcroForm" in keys:
            self._require_form(new.raw_get("/AcroForm"))

    def _check_extensions(self, new: generic.DictionaryObject, keys: set[str]) -> None:
        extensions = new.raw_get("/Extensions") if "/Extensions" in new else None
        if isinstance(extensions, generic.IndirectObject):
            if "/Extensions" in keys:
                raise refuse(IncrementReason.CATALOG_CHANGED, "it moves the list of extensions")
            extensions = self._sole(extensions.idnum)
        elif "/Extensions" not in keys:
            return
        if extensions is not None and (
            not isinstance(extensions, generic.DictionaryObject) or any(references(extensions))
        ):
            raise refuse(IncrementReason.CATALOG_CHANGED, "its list of extensions names other objects")

    def _check_permissions(self, new: generic.DictionaryObject, keys: set[str]) -> None:
        """/Perms gets this signature when it certifies, and only then."""
        old = self._dictionary(self.root.raw_get("/Perms"), IncrementReason.DOCMDP) if "/Perms" in self.root else None
        if self._docmdp is None:
            if "/Perms" in keys or (old is not None and self._taken_permissions(self.root)):
                raise refuse(IncrementReason.DOCMDP, "it certifies the document and that was not announced")
            return
        if (old is not None and "/DocMDP" in old) or any_signed(self.root, self.old):
            raise refuse(IncrementReason.DOCMDP, "it would certify a document that is signed already")
        permissions = new.raw_get("/Perms") if "/Perms" in new else None
        if isinstance(permissions, generic.IndirectObject):
            permissions = (
                self._sole(permissions.idnum)
                if permissions.idnum < self._increment.base_size
                else self._new(permissions, IncrementReason.DOCMDP)
            )
        if not isinstance(permissions, generic.DictionaryObject):
            raise refuse(IncrementReason.DOCMDP, "it does not certify the document as announced")
        self._changed(old if old is not None else EMPTY, permissions, {"/DocMDP"}, IncrementReason.DOCMDP)
        reference = permissions.raw_get("/DocMDP") if "/DocMDP" in permissions else None
        if not isinstance(reference, generic.IndirectObject) or reference.idnum != self.signature_number:
            raise refuse(IncrementReason.DOCMDP, "its certification is another signature's")

    def _taken_permissions(self, root: generic.DictionaryObject) -> bool:
        reference = root.raw_get("/Perms")
        return isinstance(reference, generic.IndirectObject) and reference.idnum in self._increment.objects

    def _check_form(self) -> None:
        reference = self.root.raw_get("/AcroForm")
        if isinstance(reference, generic.IndirectObject) and (form := self._sole(reference.idnum)) is not None:
            self._require_form(form)

    def _require_form(self, form: generic.PdfObject) -> None:
        old = self._dictionary(self.root.raw_get("/AcroForm"), IncrementReason.FORM_CHANGED)
        if type(form) is not type(old) or not isinstance(form, generic.DictionaryObject):
            raise refuse(IncrementReason.FORM_CHANGED, "the form changed its kind")
        keys = changed_keys(old, form)
        # A viewer that redraws the fields by itself would redraw the mark: the request for it may go, never come.
        keys -= {"/NeedAppearances"} if "/NeedAppearances" not in form else set[str]()
        if not keys <= {"/SigFlags"}:
            raise refuse(IncrementReason.FORM_CHANGED, f"it changes the form: {min(keys)}")
        if keys and form.get("/SigFlags") != BOTH_SIGNATURE_FLAGS:
            raise refuse(IncrementReason.FORM_CHANGED, "it changes the form's flags")

    def _check_page(self) -> None:
        """The page may get this widget at the end of its annotations, if it was not there."""
        page = self.field.widget.raw_get("/P") if "/P" in self.field.widget else None
        if not isinstance(page, generic.IndirectObject):
            return
        old = self._dictionary(page, IncrementReason.PAGE_CHANGED)
        if (revised := self._revised(page.idnum)) is not None:
            new, keys = self._changed(old, revised, {"/Annots"}, IncrementReason.PAGE_CHANGED)
            if "/Annots" in keys:
                before = old.raw_get("/Annots") if "/Annots" in old else generic.ArrayObject()
                self._require_appended(before, new.raw_get("/Annots"))
        annotations = old.raw_get("/Annots") if "/Annots" in old else None
        if isinstance(annotations, generic.IndirectObject):
            longer = self._sole(annotations.idnum)
            if longer is not None:
                self._require_appended(self.old(annotations), longer)

    def _require_appended(self, old: generic.PdfObject, new: generic.PdfObject) -> None:
        if not isinstance(old, generic.ArrayObject) or not isinstance(new, generic.ArrayObject):
            raise refuse(IncrementReason.PAGE_CHANGED, "the page's annotations are not a list")
        extra = [new.raw_get(index) for index in range(len(old), len(new))]
        kept = len(new) >= len(old) and all(same(old.raw_get(i), new.raw_get(i)) for i in range(len(old)))
        if not kept or any(
            not isinstance(each, generic.IndirectObject) or each.idnum != self.field.widget_number for each in extra
        ):
            raise refuse(IncrementReason.PAGE_CHANGED, "it changes the page's annotations")

    def _check_information(self) -> None:
        old_trailer = self._reader.trailer.flatten(self._revision)
        if "/Info" in old_trailer:
            reference = old_trailer.raw_get("/Info")
            if isinstance(reference, generic.IndirectObject) and (new := self._sole(reference.idnum)) is not None:
                self._require_information(self._dictionary(reference, IncrementReason.METADATA_CHANGED), new)
        elif "/Info" in self._increment.trailer:
            new = self._new(self._increment.trailer.raw_get("/Info"), IncrementReason.METADATA_CHANGED)
            self._require_information(EMPTY, new)
        metadata = self.root.raw_get("/Metadata") if "/Metadata" in self.root else None
        if isinstance(metadata, generic.IndirectObject) and (new := self._sole(metadata.idnum)) is not None:
            require_same_metadata(self.old(metadata), new)

    def _require_information(self, old: generic.DictionaryObject, new: generic.PdfObject) -> None:
        checked, keys = self._changed(old, new, INFORMATION_KEYS, IncrementReason.METADATA_CHANGED)
        if not all(isinstance(checked.raw_get(key), generic.TextStringObject) for key in keys):
            raise refuse(IncrementReason.METADATA_CHANGED, "its information dictionary names other objects")

    def _require_all_taken(self) -> None:
        for number in sorted(self._increment.objects.keys() - self._taken):
            if number < self._increment.base_size:
                raise refuse(IncrementReason.OBJECT_CHANGED, f"it changes object {number}")
            raise refuse(IncrementReason.STRAY_OBJECT, f"it adds object {number}, which the signature does not need")
        for placed in self._increment.objects.values():
            if placed.generation != 0 and placed.number >= self._increment.base_size:
                raise refuse(IncrementReason.MALFORMED, "a new object has an old generation")
