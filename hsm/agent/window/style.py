"""Colours, fonts and sizes: contrast of 7 to 1 for text, targets of 44 px, the same in both directions."""

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

TEXT, MUTED, LINK, WHITE = "#1a1a1a", "#555555", "#0b4f8a", "#ffffff"
GREEN, GREEN_GROUND = "#0b5c3b", "#e6f4ec"
AMBER, AMBER_GROUND, AMBER_LINE = "#6b4400", "#fff3d6", "#b36b00"
RED, RED_GROUND = "#9b1c12", "#fdecea"
GREY, GREY_GROUND, LINE = "#3d4752", "#eef1f4", "#c9d0d8"
FOCUS, FIELD_LINE, PAPER = "#ffbf47", "#767676", "#f5f7f9"
ARABIC_FONTS = ("Noto Naskh Arabic", "Noto Naskh Arabic UI", "Amiri")
LATIN_FONTS = ("Segoe UI", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")
TARGET = 44

SHEET = f"""
QWidget {{ color: {TEXT}; }}
QWidget#window, QWidget#page {{ background: {PAPER}; }}
QLabel {{ background: transparent; }}
QFrame#card {{ background: {WHITE}; border: 1px solid {LINE}; border-radius: 10px; }}
QFrame#header {{ background: {GREEN}; border: none; }}
QFrame#header QLabel {{ color: {WHITE}; }}
QFrame#rehearsal {{ background: {AMBER_GROUND}; border: none; border-bottom: 2px solid {AMBER_LINE}; }}
QFrame#rehearsal QLabel {{ color: {AMBER}; }}
QFrame#code {{ background: {GREY_GROUND}; border: 1px solid {LINE}; border-radius: 8px; }}
QFrame[level="info"] {{ background: {GREY_GROUND}; border: 1px solid {LINE}; border-radius: 8px; }}
QFrame[level="good"] {{ background: {GREEN_GROUND}; border: 1px solid {GREEN}; border-radius: 8px; }}
QFrame[level="warn"] {{ background: {AMBER_GROUND}; border: 1px solid {AMBER_LINE}; border-radius: 8px; }}
QFrame[level="stop"] {{ background: {RED_GROUND}; border: 1px solid {RED}; border-radius: 8px; }}
QFrame[level="info"] QLabel, QFrame[level="info"] QCheckBox {{ color: {GREY}; }}
QFrame[level="good"] QLabel {{ color: {GREEN}; }}
QFrame[level="warn"] QLabel, QFrame[level="warn"] QCheckBox {{ color: {AMBER}; }}
QFrame[level="stop"] QLabel, QFrame[level="stop"] QCheckBox {{ color: {RED}; }}
QLabel[role="muted"] {{ color: {MUTED}; }}
QLabel[role="fault"] {{ color: {RED}; }}
QPushButton {{ min-height: 40px; padding: 0 18px; border-radius: 8px; border: 2px solid {FIELD_LINE};
  background: {WHITE}; color: {TEXT}; }}
QPushButton:hover {{ background: {GREY_GROUND}; }}
QPushButton:focus {{ border: 3px solid {TEXT}; background: {FOCUS}; }}
QPushButton:disabled {{ color: {MUTED}; background: {GREY_GROUND}; border-color: {LINE}; }}
QPushButton[main="true"] {{ background: {GREEN}; color: {WHITE}; border-color: {GREEN}; padding: 0 26px; }}
QPushButton[main="true"]:hover {{ background: #08432b; }}
QPushButton[main="true"]:focus {{ border: 3px solid {FOCUS}; background: {GREEN}; color: {WHITE}; }}
QPushButton[main="true"]:disabled {{ background: {GREY_GROUND}; color: {GREY}; border-color: {LINE}; }}
QFrame#header QPushButton {{ min-height: 32px; padding: 0 12px; background: transparent; color: {WHITE};
  border: 2px solid transparent; border-radius: 6px; }}
QFrame#header QPushButton:checked {{ background: {WHITE}; color: {GREEN}; }}
QFrame#header QPushButton:hover:!checked {{ border-color: {WHITE}; }}
QFrame#header QPushButton:focus {{ border-color: {FOCUS}; }}
QLineEdit {{ min-height: 42px; padding: 0 12px; border: 2px solid {FIELD_LINE}; border-radius: 8px;
  background: {WHITE}; selection-background-color: {LINK}; }}
QLineEdit:focus {{ border: 3px solid {TEXT}; background: #fffaf0; }}
QSpinBox {{ min-height: 44px; }}
QSpinBox QLineEdit, QSpinBox QLineEdit:focus {{ min-height: 0; padding: 0 8px; border: none; }}
QListView {{ background: {WHITE}; border: 1px solid {LINE}; border-radius: 8px; outline: none; }}
QListView:focus {{ border: 2px solid {TEXT}; }}
QScrollArea {{ background: {GREY_GROUND}; border: 1px solid {LINE}; border-radius: 8px; }}
QWidget#sheet {{ background: {GREY_GROUND}; }}
QProgressBar {{ min-height: 18px; max-height: 18px; border: 1px solid {LINE}; border-radius: 9px;
  background: {GREY_GROUND}; }}
QProgressBar::chunk {{ background: {GREEN}; border-radius: 8px; }}
QCheckBox, QRadioButton {{ spacing: 10px; min-height: 32px; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 24px; height: 24px; }}
QCheckBox:focus, QRadioButton:focus {{ background: {FOCUS}; color: {TEXT}; }}
"""


def dress(application: QApplication) -> None:
    """Light colours whatever the desktop's: the contrasts above are those that were measured."""
    application.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, PAPER),
        (roles.Base, WHITE),
        (roles.AlternateBase, GREY_GROUND),
        (roles.Button, WHITE),
        (roles.Highlight, LINK),
        (roles.HighlightedText, WHITE),
        (roles.Text, TEXT),
        (roles.WindowText, TEXT),
        (roles.ButtonText, TEXT),
        (roles.ToolTipBase, WHITE),
        (roles.ToolTipText, TEXT),
    ):
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(SHEET)


def font(code: str, *, points: float = 0, bold: bool = False) -> QFont:
    """The font of a language: a Naskh where Arabic is read, the desktop's own elsewhere.

    :param points: 0: the size of running text.
    """
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    present = set(QFontDatabase.families())
    naskh = [family for family in ARABIC_FONTS if family in present]
    latin = [family for family in LATIN_FONTS if family in present][:1] or system.families() or [system.family()]
    made = QFont(system)
    made.setFamilies([*naskh, *latin] if code == "ar" else [*latin, *naskh])
    grown = 1.25 if code == "ar" and naskh else 1.0
    made.setPointSizeF((points or 11.0) * grown)
    made.setBold(bold)
    return made
