// The buttons of the list of articles. Taking out a file of many articles asks first.
const articles = window.articles;
const act = (button) => articles.put('act', JSON.stringify({
  do: button.dataset.do, what: button.dataset.what, at: Date.now(),
}));
document.addEventListener('click', (event) => {
  const button = event.target.closest && event.target.closest('button[data-do]');
  if (!button) return;
  if (button.dataset.many) {
    const yes = document.createElement('button');
    Object.assign(yes, { type: 'button', className: 'act sure', textContent: `Remove the file with its ${button.dataset.many} articles` });
    Object.assign(yes.dataset, { do: button.dataset.do, what: button.dataset.what });
    const no = document.createElement('button');
    Object.assign(no, { type: 'button', className: 'act', textContent: 'Keep' });
    const asks = document.createElement('span');
    asks.className = 'asks';
    asks.append(yes, no);
    no.addEventListener('click', () => { asks.replaceWith(button); button.focus(); });
    button.replaceWith(asks);
    no.focus();
    return;
  }
  act(button);
  if (button.dataset.do === 'page') document.querySelector('#articles').scrollIntoView({ block: 'start' });
}, true);
