"""What is wrong with a page's layout, measured in the browser: a sentence for each finding."""

from playwright.sync_api import Page

# Lines of visible text with their rectangles. What only screen readers get is clipped to nothing, and a
# sidebar that is closed is moved out of the window.
LINES = """
const shown = element => {
  if (!element.checkVisibility({opacityProperty: true, visibilityProperty: true})) return false;
  if (element.closest('svg')) return true;
  for (let e = element; e; e = e.parentElement) {
    const style = getComputedStyle(e);
    if (style.clip !== 'auto' || e.dataset.collapsed === 'true') return false;
  }
  return true;
};
const lines = [];
const walker = document.createTreeWalker(document.getElementById('root'), NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode;
  if (!node.data.trim() || node.parentElement.tagName === 'STYLE' || !shown(node.parentElement)) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const box of range.getClientRects()) {
    if (box.width < 2 || box.height < 2) continue;
    lines.push({element: node.parentElement, text: node.data.trim(), box});
  }
}
"""
# Line boxes are taller than their letters, so touching corners are no fault.
OVERLAPPING = f"""() => {{ {LINES}
const found = new Set();
lines.forEach((a, i) => lines.slice(i + 1).forEach(b => {{
  if (a.element === b.element) return;
  const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
  const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
  if (width > 4 && height > 8) found.add(`${{a.text}} stands on ${{b.text}}`);
}}));
return [...found];
}}"""
CUT = f"""() => {{ {LINES}
const found = new Set();
for (const {{element, text, box}} of lines) {{
  for (let e = element; e && e !== document.body; e = e.parentElement) {{
    const style = getComputedStyle(e);
    if (style.overflowX === 'auto' || style.overflowX === 'scroll') break;
    const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
    if (hides && e.clientWidth && e.scrollWidth > e.clientWidth + 1) {{
      found.add(`${{text}}: cut off, ${{e.scrollWidth}} px in ${{e.clientWidth}}`);
      break;
    }}
    if (style.borderRightWidth !== '0px' && box.right > e.getBoundingClientRect().right) {{
      found.add(`${{text}}: sticks out of its frame`);
      break;
    }}
  }}
}}
return [...found];
}}"""
OVERFLOW = """() => {
  const parts = '[data-testid="stMain"], [data-collapsed="false"] [data-testid="stSidebarContent"]';
  return [document.documentElement, ...document.querySelectorAll(parts)]
    .filter(e => e.scrollWidth > e.clientWidth)
    .map(e => `${e.dataset.testid || e.tagName}: ${e.scrollWidth} px in ${e.clientWidth}`);
}"""


def overlapping_texts(page: Page) -> list[str]:
    """Pairs of texts that stand on each other, charts' labels among them."""
    return list(page.evaluate(OVERLAPPING))


def cut_texts(page: Page) -> list[str]:
    """Texts in something that hides what does not fit, or that stick out of a frame."""
    return list(page.evaluate(CUT))


def overflow(page: Page) -> list[str]:
    """Parts of the page that scroll sideways."""
    return list(page.evaluate(OVERFLOW))
