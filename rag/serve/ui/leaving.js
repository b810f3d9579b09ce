// Who is logged in, as the server's login says it to this browser.
const tell = () => {
  const place = document.querySelector('#leaving .who');
  if (!place) {
    setTimeout(tell, 50); // the page is not there yet
    return;
  }
  place.textContent = window.articles.who;
  place.nextElementSibling.title = `Logged in as ${window.articles.who}`;
};
if (window.articles.who) tell();
