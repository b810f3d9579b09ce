// Scrolls inside the panel and inside the chat, so that the page itself stays where the reader left it: the panel to
// the first quotation, the chat to the question just asked.
() => requestAnimationFrame(() => {
  const top = (element) => element.getBoundingClientRect().top;
  const panel = document.querySelector('#article .sources');
  const mark = panel && (panel.querySelector('mark[data-citation="1"]') || panel.querySelector('mark'));
  if (panel) panel.scrollTop = 0;
  if (mark) panel.scrollTop = top(mark) - top(panel) - panel.clientHeight / 3;
  const asked = [...document.querySelectorAll('#chat .asked')].pop();
  const scrolls = (e) => e.scrollHeight > e.clientHeight && /auto|scroll/.test(getComputedStyle(e).overflowY);
  let box = asked && asked.parentElement;
  while (box && !scrolls(box)) box = box.parentElement;
  if (box && box.closest('#chat')) box.scrollTop += top(asked) - top(box) - 16;
})
