// A town hall opens its portal by itself: once on a telephone without script, once at a desk.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, eventually, platformJSON } from './harness.mjs'
import { browser, DESK, LIMIT, mailedCode, signIn } from './people.mjs'

// Communes with an official address in the demonstration; the first that are not open yet.
const CANDIDATES = [['31395', 'muret'], ['31451', 'revel'], ['31042', 'bagneres-de-luchon'], ['31483', 'saint-gaudens'], ['31135', 'cazeres'], ['31033', 'aussonne']]

const mailTo = (to) => eventually(async () => (await platformJSON('/demo/messages.json')).find((m) => m.to === to), { within: 20_000, what: 'a mail' })

async function portal(v, insee, slug) {
  await v.visit(address('', '/ouvrir'))
  await v.stop('ouvrir-01')
  if (v.look.js === false) {
    await v.fill({ q: slug })
    await v.press('Chercher')
  } else {
    await v.page.locator('#q').pressSequentially(slug)
    await v.page.waitForSelector(`#resultats input[value="${insee}"]`)
  }
  await v.stop('ouvrir-02-choix')
  await v.page.locator(`#resultats input[value="${insee}"]`).check()
  await v.press('Continuer')
  if (!await v.page.locator('#given_name').count()) return false
  await v.press('Demander', { expect: 422 })
  await v.stop('ouvrir-03-erreurs')
  await v.fill({ given_name: 'Claire', family_name: 'Vidal', email: `claire@${slug}.example` })
  await v.page.locator('#position').selectOption('secretary')
  await v.page.locator('#terms').check()
  await v.press('Demander')
  await v.stop('ouvrir-04-code')
  const { text } = await mailTo(`mairie@${slug}.example`)
  await v.fill({ code: text.match(/\d{4} \d{4}/)[0] })
  await v.press('Ouvrir le portail')
  assert.match(await v.text('h1'), /est ouvert/)
  await v.stop('ouvrir-05-ouvert')
  await setUp(v, slug)
  return true
}

/** From the invitation to the first procedures that open. */
async function setUp(v, slug) {
  const email = `claire@${slug}.example`, password = 'une phrase de passe du Comminges'
  await mailTo(email)
  await v.visit(address(slug))
  await v.stop('ouvrir-07-portail-sans-demarche')
  await v.visit(address(slug, '/agents/mot-de-passe'))
  await v.fill({ email })
  await v.press('Recevoir un code')
  await v.fill({ code: await mailedCode(email), password })
  await v.press('Changer mon mot de passe')
  if (/connexion/.test(v.page.url())) await signIn(v, slug, { email, password })
  await v.follow('Mise en route')
  await v.stop('mise-en-route-01')
  for (const [i, step] of ['La mairie', 'Tribunal', 'Délégué', 'Signature', 'Accessibilité'].entries()) {
    await v.follow(step, { within: 'main' })
    await v.stop(`mise-en-route-0${i + 2}-etape`)
    if (step === 'Délégué') {
      await v.fill({ 'dpo-email': 'dpo' })
      await v.press('Enregistrer', { expect: 422 })
      await v.stop('mise-en-route-07-erreur')
      await v.fill({ 'dpo-name': 'Centre de gestion', 'dpo-email': `dpo@${slug}.example` })
    }
    await v.press('Enregistrer')
  }
  await v.press('Ouvrir toutes')
  await v.stop('mise-en-route-08-ouvert')
  await v.press('Terminer')
  assert.match(await v.text('main'), /Tout est vérifié/)
  await v.stop('mise-en-route-09-fin')
}

test('a secretary opens the portal of her commune', LIMIT, async () => {
  const left = [...CANDIDATES]
  for (const look of [{ width: 375, height: 812, touch: true, js: false }, DESK]) {
    await browser.as(look, async (v) => {
      while (left.length) if (await portal(v, ...left.shift())) return
      assert.fail('every candidate is open already')
    })
  }
})
