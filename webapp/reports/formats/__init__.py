"""What a report can be written as. Each format is a sink: `begin` once, `write` for each row, `finish` once."""

from webapp.reports.formats.files import HashedFile, Head, Sink
from webapp.reports.formats.pdf import PdfSink, why_no_pdf
from webapp.reports.formats.tables import CsvSink, JsonSink, XlsxSink
from webapp.reports.values import Format

SINKS: dict[Format, type[Sink]] = {Format.CSV: CsvSink, Format.XLSX: XlsxSink, Format.JSON: JsonSink, Format.PDF: PdfSink}

__all__ = ["SINKS", "HashedFile", "Head", "Sink", "why_no_pdf"]
