// Conversations, kept by this browser alone: each a list of answers, named by its first question, newest first. The one
// that is open is another in each tab of the browser. Where users log in, each sees their own.
const articles = window.articles;
try {
  articles.who = decodeURIComponent(document.cookie.match(/(?:^|; )articles-name=([^;]*)/)?.[1] || '');
} catch (error) { // no cookie of ours
  articles.who = '';
}
const KEY = `ask-the-articles.conversations${articles.who && '.'}${articles.who}`;
const [OPEN, MOST, TURNS, BYTES] = ['ask-the-articles.open', 40, 50, 1500000];
let gone = null; // what was deleted last, and where it stood
const read = () => {
  try {
    const held = JSON.parse(localStorage.getItem(KEY) || '[]');
    return Array.isArray(held) ? held.filter((one) => one && one.id && Array.isArray(one.turns)) : [];
  } catch (error) {
    return [];
  }
};
const write = (held) => {
  for (let kept = held.slice(0, MOST); ; kept = kept.slice(0, -1)) {
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
      return;
    } catch (error) { // it is full: the oldest goes
      if (kept.length < 2) return;
    }
  }
};
const open = () => sessionStorage.getItem(OPEN);
const shelved = (shown) => {
  document.body.classList.toggle('shelf-open', shown);
  document.querySelector('#shelf-button')?.setAttribute('aria-expanded', String(shown));
};

const made = (tag, text, values) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  Object.entries(values || {}).forEach(([name, value]) => element.setAttribute(name, value));
  return element;
};
const show = () => {
  const shelf = document.querySelector('#conversations .shelf');
  if (!shelf) {
    setTimeout(show, 50); // the page is not there yet
    return;
  }
  const list = made('ul');
  read().forEach((one) => {
    const row = made('li');
    const here = one.id === open() ? { 'aria-current': 'true' } : {};
    const opens = made('button', '', { type: 'button', class: 'open', 'data-open': one.id, dir: 'auto', ...here });
    opens.append(made('span', one.name));
    row.append(opens);
    row.append(made('button', '', { type: 'button', class: 'delete', 'data-delete': one.id, title: 'Delete', 'aria-label': `Delete “${one.name}”` }));
    list.append(row);
  });
  const parts = list.children.length ? [made('h2', 'Earlier questions'), list] : [];
  if (gone) {
    const said = made('p', 'Deleted. ', { class: 'gone', role: 'status' });
    said.append(made('button', 'Undo', { type: 'button', 'data-undo': '1' }));
    parts.unshift(said);
  }
  shelf.replaceChildren(...parts);
  document.body.classList.toggle('has-conversations', parts.length > 0);
};

// The answers of the open conversation, for the server.
articles.turns = () => {
  show();
  const found = read().find((one) => one.id === open());
  const turns = found ? found.turns.slice(-TURNS) : [];
  while (turns.length && JSON.stringify(turns).length > BYTES) turns.shift();
  return JSON.stringify(turns);
};
// Keeps an answer, in a new conversation where none is open.
articles.keep = (text) => {
  if (!text) return;
  const turn = JSON.parse(text);
  const held = read();
  let found = held.find((one) => one.id === open());
  if (!found) {
    found = { id: Date.now().toString(36) + Math.random().toString(36).slice(2, 6), name: turn.question.slice(0, 200), turns: [] };
    sessionStorage.setItem(OPEN, found.id);
  }
  found.turns = [...found.turns, turn].slice(-TURNS);
  gone = null;
  write([found, ...held.filter((one) => one !== found)]);
  show();
};
const close = () => {
  sessionStorage.removeItem(OPEN);
  show();
};
const undo = () => {
  const held = read();
  held.splice(gone.place, 0, gone.one);
  write(held);
  gone = null;
  show();
};
const remove = (id) => {
  const held = read();
  const place = held.findIndex((one) => one.id === id);
  if (place < 0) return;
  gone = { one: held[place], place };
  write(held.filter((one) => one.id !== id));
  if (id === open()) document.querySelector('#new').click();
  show();
  document.querySelector('#conversations [data-undo]')?.focus();
};
document.addEventListener('click', (event) => {
  const found = (what) => event.target.closest && event.target.closest(what);
  const chosen = found('[data-open]');
  if (found('#shelf-button')) shelved(!document.body.classList.contains('shelf-open'));
  else if (found('[data-undo]')) undo();
  else if (found('[data-delete]')) remove(found('[data-delete]').dataset.delete);
  else if (found('#new')) {
    close();
    shelved(false);
  } else if (chosen) {
    sessionStorage.setItem(OPEN, chosen.dataset.open);
    gone = null;
    show();
    shelved(false);
    articles.left();
    articles.send('opened', chosen.dataset.open);
  } else if (!found('#shelf')) shelved(false);
}, true);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && document.body.classList.contains('shelf-open')) {
    shelved(false);
    document.querySelector('#shelf-button')?.focus();
  }
});
