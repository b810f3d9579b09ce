// A bar that is chosen sets the days of the next question; chosen again, it takes them back.
const fill = (selector, text, tries = 60) => {
  const box = document.querySelector(`${selector} textarea, ${selector} input`);
  if (!box) { // it is made when the choices are unfolded
    if (tries) requestAnimationFrame(() => fill(selector, text, tries - 1));
    return;
  }
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), 'value').set.call(box, text);
  box.dispatchEvent(new Event('input', { bubbles: true }));
};
document.addEventListener('click', (event) => {
  const bar = event.target.closest && event.target.closest('.over-time button');
  if (!bar) return;
  const chosen = bar.getAttribute('aria-pressed') !== 'true';
  const chart = bar.closest('.over-time');
  chart.querySelectorAll('[aria-pressed]').forEach((one) => one.removeAttribute('aria-pressed'));
  if (chosen) bar.setAttribute('aria-pressed', 'true');
  document.querySelector('#choices button.label-wrap:not(.open)')?.click();
  fill('#since', chosen ? bar.dataset.from : '');
  fill('#until', chosen ? bar.dataset.to : '');
  chart.querySelector('.said').textContent = chosen
    ? `The next question is asked of articles dated in ${bar.dataset.days}. Choose the bar again to ask of all.`
    : 'The next question is asked of all days.';
});
