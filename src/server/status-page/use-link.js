/** Signs in with the link's secret. It is in the fragment, so no server has seen it yet; it leaves the address bar before it is sent. */
const result = document.getElementById('result')
const link = location.hash.slice(1)

if (link !== '') {
  history.replaceState(null, '', '/sign-in')
  result.textContent = 'Signing in …'
  signIn(link).catch(() => {
    result.textContent = 'The service does not respond. Run isthmus open again.'
  })
}

async function signIn(link) {
  const response = await fetch('/api/v1/session/local', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-isthmus-request': '1' },
    body: JSON.stringify({ link }),
  })
  const answer = await response.json()
  if (response.ok) location.replace('/')
  else result.textContent = `${answer.detail ?? answer.title}. ${answer.fix ?? ''}`
}
