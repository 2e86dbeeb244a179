// The citizen's part of the story: from the town's first page to the receipt and the
// answer, on a telephone with scripts and at a desk without, and by keyboard alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from './harness.mjs'
import { browser, COMMUNE, DESK, inDays, LIMIT, mailbox, mailedCode, message, messagesTo, NO_SCRIPT, pdf, person, PHONE, program } from './people.mjs'

const ROOM = { slug: 'salle-association', title: 'Réserver une salle pour une association' }

/** From the first page to the first step of the room's form. */
async function begin(v) {
  await v.visit(address(COMMUNE))
  await v.stop('citoyen-01-accueil')
  await v.fill({ q: 'salle' })
  await v.press('Chercher')
  assert.match(await v.text('main'), /démarches? trouvées?/)
  await v.stop('citoyen-02-recherche')
  await v.follow(ROOM.title)
  await v.stop('citoyen-03-demarche')
  await v.press('Commencer')
}

/** The step « Vous », with its error first. */
async function introduce(v, who) {
  await v.press('Continuer', { expect: 422 })
  const summary = v.page.locator('.error-summary')
  assert.ok(await summary.isVisible(), 'the errors are summed up')
  if (v.look.js) assert.ok(await summary.evaluate((e) => e === document.activeElement), 'the focus goes to the summary')
  assert.match(await v.page.title(), /^Erreur/)
  const first = summary.getByRole('link').first()
  const target = (await first.getAttribute('href')).slice(1)
  assert.equal(await v.page.locator(`#${target}`).getAttribute('aria-invalid'), 'true', 'the summary leads to the field')
  await v.stop('citoyen-04-erreur')
  await v.fill(who)
  await v.press('Continuer')
}

async function fillReservation(v) {
  await v.fill({ eligible: true, organisme_nom: 'Les Amis du jazz' })
  await v.press('Continuer')
  const { day, month, year } = inDays(60)
  await v.fill({ usage: 'interne', personnes: '30', 'date_debut-day': day, 'date_debut-month': month, 'date_debut-year': year, heure_debut: '18 h', heure_fin: '22 h' })
  await v.stop('citoyen-05-etape')
  const tops = await v.page.locator('.stepper li').evaluateAll((steps) => steps.map((step) => step.getBoundingClientRect().top))
  assert.equal(new Set(tops).size, 1, `the steps stand in one line: ${tops}`)
  await v.press('Continuer')
}

/** A refused file leaves the rest of the draft; a right one is kept. */
async function attach(v) {
  await v.fill({ assurance: program(), reglement: true })
  await v.press('Continuer', { expect: 422, upload: true })
  assert.match(await v.text('.error-summary'), /PDF|format|type/i)
  await v.stop('citoyen-06-fichier-refuse')
  await v.fill({ assurance: pdf(), reglement: true })
  await v.press('Continuer', { upload: true })
  assert.match(v.page.url(), /recapitulatif$/)
}

/** Everything is lost but the code; the draft is found again. */
async function loseAndResume(v) {
  await v.page.locator('summary', { hasText: 'Finir plus tard' }).click()
  const code = await v.text('.resume-code')
  await v.context.clearCookies()
  await v.visit(address(COMMUNE, '/reprendre'))
  await v.stop('citoyen-07-reprendre')
  await v.fill({ code })
  await v.press('Reprendre')
}

/** Sends by a double click, and gives number and code. */
async function send(v, who) {
  await v.visit(address(COMMUNE, `/demarches/${ROOM.slug}/recapitulatif`))
  assert.match(await v.text('main'), /attestation\.pdf/)
  await v.stop('citoyen-08-recapitulatif')
  const arrived = () => v.page.waitForURL(/confirmation$/, { waitUntil: 'load' })
  // The second click may cut the first one's answer off.
  await Promise.all([arrived().catch(arrived), v.named('button', 'Envoyer', 'main').dblclick()])
  const number = await v.text('.request-number')
  const code = await v.text('.tracking-code')
  assert.match(number, /^\d\d-\d{6}$/)
  await v.stop('citoyen-09-confirmation')
  await printed(v, number)
  const receipt = await message(who.email, /Accusé de réception/)
  const mentions = [number, code, /2 mois|deux mois/, /rejet/i, /tribunal administratif/i, /05 36 49|téléphone/i, /Castanet-Tolosan/]
  for (const m of mentions) assert.ok(m instanceof RegExp ? m.test(receipt.text) : receipt.text.includes(m), `the receipt by mail says nothing of ${m}`)
  assert.equal((await messagesTo(who.email)).filter((m) => /Accusé/.test(m.subject)).length, 1, 'two clicks are one request')
  return { number, code }
}

/** On paper: the receipt with number and code, and nothing to click on. */
async function printed(v, number) {
  await v.page.emulateMedia({ media: 'print' })
  for (const gone of ['.site-nav', '.site-footer nav', 'main .button', '.skip']) {
    assert.equal(await v.page.locator(gone).locator('visible=true').count(), 0, `${gone} is printed`)
  }
  assert.ok(await v.page.locator('#accuse').isVisible() && (await v.text('.code-box')).includes(number))
  const [ink, paper] = await v.page.evaluate(() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor] })
  assert.ok(/^rgba?\((0|[1-4]?\d), /.test(ink) && !/^rgb\((0|[1-9]?\d), /.test(paper), `printed ${ink} on ${paper}`)
  await v.page.emulateMedia({ media: null })
}

/** Follows with number and code in another browser, and writes. */
async function followUp(look, { number, code }) {
  await browser.as(look, async (v) => {
    await v.visit(address(COMMUNE, '/suivi'))
    await v.fill({ numero: number, code: 'AAAA-AAAA-AAAA' })
    await v.press('Suivre', { expect: 422 })
    await v.stop('citoyen-10-suivi')
    await v.fill({ numero: number, code: code.toLowerCase() })
    await v.press('Suivre')
    await v.stop('citoyen-11-demande')
    await v.fill({ message: 'Bonjour, faut-il une caution ?\n\nMerci.' })
    await v.press('Envoyer le message')
    assert.match(await v.text('.message-out'), /faut-il une caution/)
    await v.follow('Accusé de réception')
    assert.ok((await v.text('article')).includes(number))
    await v.stop('citoyen-12-accuse')
  })
}

for (const [how, look] of [['on a telephone, in the dark', PHONE], ['at a desk, without script', NO_SCRIPT]]) {
  test(`a guest books a room ${how}`, LIMIT, async () => {
    const who = person('Aminata', 'Lefèvre')
    await browser.as(look, async (v) => {
      await begin(v)
      await introduce(v, who)
      await fillReservation(v)
      await attach(v)
      await loseAndResume(v)
      const request = await send(v, who)
      await followUp(look, request)
    })
  })
}

test('a guest reports a hole in the road by keyboard alone', LIMIT, async () => {
  await browser.as(DESK, async (v) => {
    const { keyboard } = v.page
    const at = (name) => v.page.locator(`main [name="${name}"]`).first()
    const type = async (name, text) => { await v.tabTo(at(name)); await keyboard.type(text) }
    const choose = async (name) => { await v.tabTo(at(name)); await keyboard.press('Space') }
    await v.visit(address(COMMUNE))
    await v.tabTo(v.page.locator('.skip'), { max: 1 })
    await keyboard.press('Enter')
    await v.tabTo(v.page.locator('#q'), { max: 2 })
    await keyboard.type('signaler')
    await v.key('Enter')
    await v.tabTo(v.named('link', 'Signaler un problème'))
    await v.key('Enter')
    await v.tabTo(v.named('button', 'Commencer'))
    await v.key('Enter')
    const who = person('Jean', 'Rivière')
    for (const [name, value] of Object.entries(who)) await type(name, value.replace(/\n/g, ' '))
    await v.tabTo(v.named('button', 'Continuer', 'main .actions'))
    await v.key('Enter')
    await choose('categorie')
    await v.tabTo(v.page.locator('main [name="danger"]').first())
    await keyboard.press('ArrowDown')
    await type('lieu', 'Devant le 12 rue des Lilas')
    await keyboard.press('Shift+Tab')
    await v.tabTo(v.named('button', 'Continuer', 'main .actions'))
    await v.key('Enter')
    assert.match(v.page.url(), /recapitulatif$/)
    await v.tabTo(v.named('button', 'Envoyer'))
    await v.key('Enter')
    assert.match(await v.text('.request-number'), /^\d\d-\d{6}$/)
    v.assertQuiet()
  })
})

test('a citizen opens an account, finds requests in it and replaces a forgotten password', LIMIT, async () => {
  const email = mailbox('claire')
  const password = 'une phrase de passe du Lauragais'
  await browser.as(PHONE, async (v) => {
    await v.visit(address(COMMUNE, '/inscription'))
    await v.fill({ email, password: 'court' })
    await v.press('Créer mon compte', { expect: 422 })
    await v.stop('compte-01-inscription')
    await v.fill({ email, password })
    await v.press('Créer mon compte')
    await v.stop('compte-02-code')
    await v.fill({ code: await mailedCode(email) })
    await v.press('Confirmer')
    await v.fill({ email, password })
    await v.press('Se connecter')
    assert.match(await v.text('h1'), /Mon espace/)
    await v.stop('compte-03-espace-vide')
    await reportSignedIn(v)
    await v.visit(address(COMMUNE, '/mon-espace'))
    assert.match(await v.text('main'), /Signaler un problème/)
    await v.stop('compte-04-espace')
    await v.follow('Modifier mes coordonnées')
    await v.stop('compte-05-profil')
    await v.visit(address(COMMUNE, '/mon-espace/securite'))
    await v.stop('compte-06-securite')
    await v.visit(address(COMMUNE, '/mon-espace'))
    await v.press('Se déconnecter')
  })
  await browser.as(NO_SCRIPT, async (v) => {
    await v.visit(address(COMMUNE, '/mot-de-passe'))
    await v.fill({ email })
    await v.press('Recevoir un code')
    await v.stop('compte-07-nouveau-mot-de-passe')
    await v.fill({ code: await mailedCode(email, 2), password: `${password} et d’ailleurs` })
    await v.press('Changer mon mot de passe')
    await v.context.clearCookies()
    await v.visit(address(COMMUNE, '/mon-espace'))
    assert.match(v.page.url(), /\/connexion\?retour=/)
    await v.fill({ email, password })
    await v.press('Se connecter', { expect: 422 })
    await v.stop('compte-08-connexion')
    await v.fill({ email, password: `${password} et d’ailleurs` })
    await v.press('Se connecter')
    assert.match(await v.text('h1'), /Mon espace/)
  })
})

async function reportSignedIn(v) {
  await v.visit(address(COMMUNE, '/demarches/signalement-voirie'))
  await v.press('Commencer')
  const { given_name, family_name, postal_address } = person('Claire', 'Séguier')
  await v.fill({ given_name, family_name, postal_address })
  await v.press('Continuer')
  await v.fill({ categorie: 'chaussee', danger: 'non', lieu: 'Devant l’école' })
  await v.press('Continuer')
  await v.press('Envoyer')
}
