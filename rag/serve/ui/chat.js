// Runs once when the page is there. A citation, by mouse or keyboard, opens its article beside the chat; "change" puts
// the question that was searched into the box. Scrolling stays inside the panel and the chat, so that the page itself
// stays where the reader left it.
() => {
  if (window.articles) return;
  const top = (element) => element.getBoundingClientRect().top;
  const wanted = { number: '1', count: 0 };
  const put = (selector, text) => {
    const box = document.querySelector(selector);
    if (!box) return null;
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), 'value').set.call(box, text);
    box.dispatchEvent(new Event('input', { bubbles: true }));
    return box;
  };
  document.addEventListener('click', (event) => {
    const link = event.target.closest && event.target.closest('a[href*="#cite-"], a[href*="#edit-"], a[href*="#asked-"]');
    if (!link) return;
    event.preventDefault();
    const [kind, turn, number] = link.getAttribute('href').split('#')[1].split('-');
    if (kind === 'asked') {
      const folded = document.querySelector('#choices button.label-wrap:not(.open)');
      if (folded) folded.click();
      requestAnimationFrame(() => document.querySelector('#asked input, #asked textarea')?.focus());
      return;
    }
    if (kind === 'edit') {
      const text = link.closest('.reply').querySelector('.standalone').innerText;
      const box = put('#question textarea', text);
      put('#changed textarea, #changed input', text);
      if (box) box.focus();
      return;
    }
    wanted.number = number;
    wanted.count += 1;
    put('#cited textarea, #cited input', `${turn}-${number}-${wanted.count}`);
  }, true);
  // A question that is emptied is no longer the one that was to be changed.
  document.addEventListener('input', (event) => {
    if (event.target.matches && event.target.matches('#question textarea') && !event.target.value) {
      put('#changed textarea, #changed input', '');
    }
  });
  // The table's filter comes without a label.
  new MutationObserver(() => document.querySelectorAll('#articles input.search-input:not([aria-label])')
    .forEach((box) => box.setAttribute('aria-label', 'Filter the articles')))
    .observe(document.body, { childList: true, subtree: true });
  window.articles = {
    // After an answer: the first quotation, and the question just asked.
    answered: () => requestAnimationFrame(() => {
      wanted.number = '1';
      window.articles.panel(false);
      const asked = [...document.querySelectorAll('#chat .asked')].pop();
      const scrolls = (e) => e.scrollHeight > e.clientHeight && /auto|scroll/.test(getComputedStyle(e).overflowY);
      let box = asked && asked.parentElement;
      while (box && !scrolls(box)) box = box.parentElement;
      if (box && box.closest('#chat')) box.scrollTop += top(asked) - top(box) - 16;
    }),
    // The panel to the quotation that was chosen; on a narrow page, where it is below the chat, into view.
    panel: (chosen) => requestAnimationFrame(() => {
      const panel = document.querySelector('#article .sources');
      if (!panel) return;
      panel.querySelectorAll('mark.chosen').forEach((mark) => mark.classList.remove('chosen'));
      const mark = panel.querySelector(`mark[data-citation="${wanted.number}"]`) || panel.querySelector('mark');
      panel.scrollTop = 0;
      if (mark) panel.scrollTop = top(mark) - top(panel) - panel.clientHeight / 3;
      if (!chosen) return;
      if (mark) mark.classList.add('chosen');
      const below = panel.getBoundingClientRect();
      if (below.top < 0 || below.top > window.innerHeight - 80) panel.scrollIntoView({ block: 'start' });
      panel.focus({ preventScroll: true });
    }),
  };
}
