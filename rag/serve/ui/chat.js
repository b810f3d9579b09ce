// The conversation and the article beside it. A citation, by mouse or keyboard, opens its article: beside the chat, or
// on a narrow page over it, from where Escape, the browser's back button or a button leads back.
const articles = window.articles;
const top = (element) => element.getBoundingClientRect().top;
const wide = window.matchMedia('(min-width: 1000px)');
const wanted = { number: '1', link: null };
const pressed = new Map(); // turn -> good or bad
const saved = new Map(); // turn -> what came of saving its question
let count = 0;

articles.put = (id, text) => {
  const box = document.querySelector(`#${id} textarea, #${id} input`);
  if (!box) return null;
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), 'value').set.call(box, text);
  box.dispatchEvent(new Event('input', { bubbles: true }));
  return box;
};
// The same once more must be another text, or nothing happens.
articles.send = (id, text) => articles.put(id, `${text}-${(count += 1)}`);
articles.say = (text) => {
  const spoken = document.querySelector('#spoken');
  if (spoken) spoken.textContent = text;
};

const cover = (open) => {
  document.body.classList.toggle('reading', open);
  document.querySelectorAll('#header, #talk, #shelf, #tabs > .tab-wrapper').forEach((part) => { part.inert = open; });
  if (!open && wanted.link) wanted.link.focus();
};
const leave = () => {
  if (!document.body.classList.contains('reading')) return;
  if (history.state && history.state.reading) history.back();
  else cover(false);
};
window.addEventListener('popstate', () => cover(false));
wide.addEventListener('change', () => { if (wide.matches) leave(); });
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') leave();
});

const follow = (link) => {
  const [kind, turn, number] = link.getAttribute('href').split('#')[1].split('-');
  if (kind === 'asked') {
    const folded = document.querySelector('#choices button.label-wrap:not(.open)');
    if (folded) folded.click();
    requestAnimationFrame(() => document.querySelector('#asked input, #asked textarea')?.focus());
  } else if (kind === 'edit') {
    const text = link.closest('.reply').querySelector('.standalone').innerText;
    const box = articles.put('question', text);
    articles.put('changed', text);
    if (box) box.focus();
  } else {
    wanted.number = number;
    wanted.link = link;
    articles.send('cited', `${turn}-${number}`);
  }
};
document.addEventListener('click', (event) => {
  const found = (what) => event.target.closest && event.target.closest(what);
  const link = found('a[href^="#cite-"], a[href^="#edit-"], a[href^="#asked-"]');
  const example = found('button[data-ask]');
  const thumb = found('button[data-judge]');
  const save = found('button[data-save]');
  if (link) {
    event.preventDefault();
    follow(link);
  } else if (example) {
    articles.put('question', example.dataset.ask);
    setTimeout(() => document.querySelector('#ask').click(), 30); // when the box has told what it holds
  } else if (thumb) {
    const way = thumb.getAttribute('aria-pressed') === 'true' ? 'none' : thumb.dataset.judge.split('-')[1];
    articles.send('judging', `${thumb.dataset.judge.split('-')[0]}-${way}`);
  } else if (save) {
    articles.send('save-asked', save.dataset.save);
  } else if (found('#article .back')) {
    leave();
  }
}, true);
// A question that is emptied is no longer the one that was to be changed.
document.addEventListener('input', (event) => {
  if (event.target.matches && event.target.matches('#question textarea') && !event.target.value) {
    articles.put('changed', '');
  }
});

const showPressed = () => document.querySelectorAll('button[data-judge]').forEach((thumb) => {
  const [turn, way] = thumb.dataset.judge.split('-');
  thumb.setAttribute('aria-pressed', String(pressed.get(turn) === way));
});
articles.judged = (which) => {
  const [turn, way] = which.split('-');
  if (turn) pressed.set(turn, way);
  showPressed();
};
const showSaved = () => document.querySelectorAll('button[data-save]').forEach((button) => {
  const its = saved.get(button.dataset.save);
  button.nextElementSibling.textContent = its ? its.said : '';
  button.hidden = Boolean(its && its.done);
});
articles.saved = (said) => {
  const its = JSON.parse(said || '{}');
  if (its.turn) saved.set(its.turn, its);
  const button = document.querySelector(`button[data-save="${its.turn}"]`);
  const held = button === document.activeElement;
  showSaved();
  if (held && its.done) button.nextElementSibling.focus();
};
articles.left = () => {
  pressed.clear();
  saved.clear();
};
articles.cleared = () => {
  articles.left();
  wanted.link = null;
  leave();
  document.querySelector('#question textarea')?.focus();
};
// While an answer is made: the question just asked.
articles.waiting = () => requestAnimationFrame(() => {
  const chat = document.querySelector('#chat');
  if (chat) chat.scrollTop = chat.scrollHeight;
});
// After it: the first quotation beside, and the question just asked above its answer.
articles.answered = () => requestAnimationFrame(() => {
  wanted.number = '1';
  wanted.link = null;
  showPressed();
  showSaved();
  articles.panel(false);
  const chat = document.querySelector('#chat');
  const asked = [...document.querySelectorAll('#chat .asked')].pop();
  if (asked) chat.scrollTop += top(asked) - top(chat) - 12;
  const said = [...document.querySelectorAll('#chat .reply')].pop();
  if (said) articles.say([...said.querySelectorAll('.verdict, .lead')].map((part) => part.innerText).join('. '));
});
// The panel to the quotation that was chosen.
articles.panel = (chosen) => requestAnimationFrame(() => {
  const panel = document.querySelector('#article .sources');
  if (!panel) return;
  if (chosen && !wide.matches && !document.body.classList.contains('reading')) {
    history.pushState({ reading: true }, '');
    cover(true);
  }
  panel.querySelectorAll('mark.chosen').forEach((mark) => mark.classList.remove('chosen'));
  const mark = panel.querySelector(`mark[data-citation="${wanted.number}"]`) || panel.querySelector('mark');
  panel.scrollTop = 0;
  if (mark) panel.scrollTop = top(mark) - top(panel) - panel.clientHeight / 3;
  if (!chosen) return;
  if (mark) mark.classList.add('chosen');
  panel.focus({ preventScroll: true });
});
