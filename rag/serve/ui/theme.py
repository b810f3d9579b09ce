"""Gradio's own components in the page's colours, which tokens.css has."""

from __future__ import annotations

import inspect

import gradio as gr

_SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]
# Gradio's name -> the page's; the tokens change with the look, so both looks of a name are the same.
_COLOURS = {
    "paper": ("body_background_fill", "background_fill_primary", "input_background_fill_hover"),
    "card": (
        "background_fill_secondary",
        "block_background_fill",
        "input_background_fill",
        "input_background_fill_focus",
        "button_secondary_background_fill",
        "checkbox_background_color",
        "checkbox_label_background_fill",
        "panel_background_fill",
        "table_even_background_fill",
        "table_odd_background_fill",
    ),
    "ink": (
        "body_text_color",
        "block_title_text_color",
        "button_secondary_text_color",
        "button_secondary_text_color_hover",
        "checkbox_label_text_color",
        "checkbox_label_text_color_selected",
    ),
    "quiet": (
        "body_text_color_subdued",
        "block_info_text_color",
        "block_label_text_color",
        "input_placeholder_color",
    ),
    "line": (
        "border_color_primary",
        "block_border_color",
        "input_border_color",
        "input_border_color_hover",
        "button_secondary_border_color",
        "button_secondary_border_color_hover",
        "checkbox_border_color",
        "checkbox_label_border_color",
        "panel_border_color",
    ),
    "accent": (
        "color_accent",
        "border_color_accent",
        "input_border_color_focus",
        "button_primary_background_fill",
        "button_primary_background_fill_hover",
        "button_primary_border_color",
        "button_primary_border_color_hover",
        "checkbox_background_color_selected",
        "checkbox_border_color_selected",
        "checkbox_border_color_focus",
        "link_text_color",
        "link_text_color_hover",
        "link_text_color_visited",
        "link_text_color_active",
        "loader_color",
        "slider_color",
    ),
    "accent-soft": (
        "color_accent_soft",
        "button_secondary_background_fill_hover",
        "checkbox_label_background_fill_hover",
        "checkbox_label_background_fill_selected",
        "block_label_background_fill",
    ),
    "on-accent": ("button_primary_text_color", "button_primary_text_color_hover"),
}
_LOOKS = [
    (f"{name}{look}", f"var(--{token})") for token, its in _COLOURS.items() for name in its for look in ("", "_dark")
]
_KNOWN = inspect.signature(gr.themes.Base.set).parameters  # not all have a name of their own for the dark look
_BOTH = {name: value for name, value in _LOOKS if name in _KNOWN}

THEME = gr.themes.Base(
    primary_hue="teal", neutral_hue="stone", font=_SANS, font_mono=["ui-monospace", "monospace"]
).set(
    **_BOTH,
    block_shadow="none",
    block_shadow_dark="none",
    input_shadow="none",
    input_shadow_focus="none",
    button_primary_shadow="none",
    button_secondary_shadow="none",
    block_radius="var(--radius)",
    input_radius="var(--radius)",
    button_large_radius="var(--radius)",
    button_medium_radius="var(--radius)",
    button_small_radius="var(--radius)",
    button_transition="background-color 120ms, border-color 120ms",
    block_title_background_fill="none",
    button_border_width="1px",
    block_label_text_weight="500",
    block_title_text_weight="500",
)
