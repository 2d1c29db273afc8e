from ngramlm.report.rendering import FORMATS as FORMATS
from ngramlm.report.rendering import SUFFIXES as SUFFIXES
from ngramlm.report.rendering import render as render
from ngramlm.report.rendering import write_report as write_report
from ngramlm.report.vector_report import vectors_page as vectors_page
