// The hub's part of the story: counts of the communes, and a new commune by its name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, plain } from './harness.mjs'
import { browser, DESK, hub, LIMIT, PHONE } from './people.mjs'

// Any commune of France that is not open yet: the first of these, for a demo that has been used before.
const CANDIDATES = ['Toulouse', 'Albi', 'Auch', 'Cahors', 'Foix', 'Montauban', 'Rodez', 'Tarbes']

async function signedIn(v) {
  const { slug, admin } = await hub()
  await v.visit(address(slug, '/connexion'))
  await v.stop('hub-01-connexion')
  await v.fill({ email: admin.email, password: admin.password })
  await v.press('Se connecter')
  return slug
}

test('the hub sees its communes and opens another by its name', LIMIT, async () => {
  await browser.as(DESK, async (v) => {
    const slug = await signedIn(v)
    const rows = v.page.locator('main tbody tr')
    assert.ok(await rows.count() >= 36, 'every commune has its line')
    assert.match(plain(await rows.filter({ hasText: 'Castanet-Tolosan' }).innerText()), /Castanet-Tolosan.* \d+ .*\d/)
    await v.stop('hub-02-communes')
    for (const [pathname, name] of [['/demandes', '06-demandes'], ['/administrateurs', '07-administrateurs'], ['/reglages', '08-reglages-partages'], ['/communes/31113', '09-commune'], ['/communes/31113/vie', '11-vie'], ['/effacees', '12-effacees'], ['/compte', '10-securite']]) {
      await v.visit(address(slug, pathname))
      await v.stop(`hub-${name}`)
    }
    await v.visit(address(slug, '/communes/nouvelle'))
    await v.fill({ q: 'Une commune qui n’existe pas' })
    await v.press('Chercher')
    assert.match(await v.text('main'), /Aucune commune/)
    for (const name of CANDIDATES) {
      await v.fill({ q: name })
      await v.press('Chercher')
      const open = v.page.locator('main').getByRole('button', { name: plain(`Ouvrir ${name}`), exact: true })
      if (!await open.count()) continue
      await v.stop('hub-03-nouvelle')
      const began = Date.now()
      await v.press(open)
      assert.ok(Date.now() - began < 10_000, `opening took ${Date.now() - began} ms`)
      await v.stop('hub-04-ouverte')
      await portal(name)
      return
    }
    assert.fail('every candidate is open already')
  })
})

/** The portal of the new commune answers at once, in its own name. */
async function portal(name) {
  await browser.as(PHONE, async (v) => {
    await v.visit(address(name.toLowerCase()))
    assert.match(await v.text('.site-name'), new RegExp(name))
    await v.stop('hub-05-portail-neuf')
    await v.visit(address(name.toLowerCase(), '/agents'))
    assert.match(v.page.url(), /agents\/connexion/)
  })
}
