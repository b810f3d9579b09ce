// "Copy" puts a quotation, its source and its addresses on the clipboard, as text and as HTML.
const element = (name, text, href) => {
  const made = document.createElement(name);
  made.textContent = text;
  if (href) made.href = href;
  return made;
};
const written = ({ quote, source, address, original }) => {
  const here = new URL(address, document.baseURI).href;
  const cite = element('p', `${source}. `);
  cite.append(element('a', original ? 'Original' : 'Quotation', original || here));
  if (original) cite.append(' · ', element('a', 'Quotation', here));
  return {
    'text/plain': [`“${quote}”`, source, original, here].filter(Boolean).join('\n'),
    'text/html': element('blockquote', quote).outerHTML + cite.outerHTML,
  };
};
// Where a page is not served over TLS there is no other way than an event of copying.
const byEvent = (kinds) => {
  let done = false;
  const put = (event) => {
    Object.entries(kinds).forEach(([kind, text]) => event.clipboardData.setData(kind, text));
    event.preventDefault();
    done = true;
  };
  document.addEventListener('copy', put, { once: true, capture: true });
  document.execCommand('copy');
  document.removeEventListener('copy', put, { capture: true });
  return done;
};
const copy = async (kinds) => {
  if (byEvent(kinds)) return true;
  if (!navigator.clipboard || !window.ClipboardItem) return false;
  const blobs = Object.entries(kinds).map(([kind, text]) => [kind, new Blob([text], { type: kind })]);
  return navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]).then(() => true, () => false);
};
document.addEventListener('click', async (event) => {
  const button = event.target.closest && event.target.closest('button.copy');
  if (!button) return;
  const label = button.getAttribute('aria-label');
  const said = (await copy(written(button.dataset))) ? 'Copied' : 'Not copied';
  button.textContent = said;
  button.setAttribute('aria-label', said);
  setTimeout(() => {
    button.textContent = 'Copy';
    button.setAttribute('aria-label', label);
  }, 2000);
});
