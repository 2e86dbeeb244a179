// What each kind of page costs, as JSON for `go run ./cmd/dev bench pages`: a fresh
// visitor comes (first), then again (repeat).
import { address, Browser, platformJSON } from './harness.mjs'

const COMMUNE = 'castanet-tolosan'
const PHONE = { width: 375, height: 812, touch: true }
const DESK = { width: 1440, height: 900 }

const browser = await Browser.open()
const rows = []

/** Weighs a page for a visitor who is where they need to be. */
async function weigh(name, kind, url, look, before = async () => {}) {
  await browser.as(look, async (v) => {
    await before(v)
    if (kind !== 'citizen') await v.session.send('Network.clearBrowserCache')
    const first = await v.weigh(url)
    const repeat = await v.weigh(url)
    rows.push({ name, kind, first, repeat })
  })
}

/** Weighs the page that a form's answer is. */
async function answered(name, look, act) {
  await browser.as(look, async (v) => {
    await act.before(v)
    await v.page.waitForLoadState('networkidle')
    v.wire.reset()
    await act.press(v)
    await v.page.waitForLoadState('networkidle')
    rows.push({ name, kind: 'answer', first: { ...v.wire.sum(), nodes: await v.nodes() } })
  })
}

const begin = async (v) => {
  await v.visit(address(COMMUNE, '/demarches/courrier-maire'))
  await v.press('Commencer')
}

async function all() {
  for (const [name, pathname] of [['home', '/'], ['procedures', '/demarches'], ['search', '/demarches?q=naissance'], ['procedure', '/demarches/courrier-maire'], ['tracking', '/suivi']]) {
    await weigh(name, 'citizen', address(COMMUNE, pathname), PHONE)
  }
  await answered('form, first step', PHONE, { before: (v) => v.visit(address(COMMUNE, '/demarches/courrier-maire')), press: (v) => v.press('Commencer') })
  await answered('form step with errors', PHONE, { before: begin, press: (v) => v.press('Continuer', { expect: 422 }) })
  const { tenants } = await platformJSON('/demo/accounts.json')
  const agent = tenants.find((t) => t.slug === COMMUNE).agents.find((a) => a.role === 'admin')
  const signed = async (v) => {
    await v.visit(address(COMMUNE, '/agents/connexion'))
    await v.fill({ email: agent.email, password: agent.password })
    await v.press('Se connecter')
  }
  let file = ''
  await weigh('agents: list of 20 rows', 'list', address(COMMUNE, '/agents?vue=all'), DESK, async (v) => {
    await signed(v)
    await v.visit(address(COMMUNE, '/agents'))
    file = await v.page.locator('a[href*="/agents/demandes/"], a[href*="demande="]').first().getAttribute('href').catch(() => '')
  })
  if (file) await weigh('agents: a request', 'agent', new URL(file, address(COMMUNE, '/agents')).href, DESK, signed)
  await weigh('agents: statistics', 'agent', address(COMMUNE, '/agents/statistiques'), DESK, signed)
  for (const t of tenants) {
    const answer = await browser.as(PHONE, async (v) => { await v.visit(address(t.slug, '/')); return true })
    if (!answer) throw new Error(t.slug)
  }
}

try {
  const failures = []
  try { await all() } catch (err) { failures.push(String(err?.message ?? err).split('\n')[0]) }
  console.log('BENCH ' + JSON.stringify({ rows, failures }))
} finally {
  await browser.close()
}
