// The agents' part of the story: the list, a request from its arrival to the letter, the
// counter, the figures, the settings and the second factor.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, plain } from './harness.mjs'
import { agentOf, browser, COMMUNE, DESK, inDays, LIMIT, message, NO_SCRIPT, pdf, person, PHONE, signIn, totp } from './people.mjs'

const iso = ({ day, month, year }) => `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`

const WORKS = {
  qualite: 'particulier', nature: 'branchement', description: 'Un branchement d’eau, tranchée de 40 cm.', circulation: 'non', longueur: 6, largeur: 1,
  lieu: { street: '2 rue des Lilas', postal_code: '31320', town: 'Castanet-Tolosan' }, date_debut: iso(inDays(40)), date_fin: iso(inDays(42)),
}

/** A citizen's request without its papers, by the API, as a partner's program sends it. */
async function file(v, who, procedure, answers) {
  await v.visit(address(COMMUNE))
  const [status, made] = await v.page.evaluate(async (body) => {
    const r = await fetch('/api/v1/requests', {
      method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    })
    return [r.status, await r.json()]
  }, { procedure, channel: 'web', applicant: who, answers })
  assert.equal(status, 201, JSON.stringify(made))
  return made
}

test('an agent takes a request from the list to the letter', LIMIT, async () => {
  const who = person('Nadia', 'Haddad')
  const made = await browser.as(DESK, (v) => file(v, who, 'permission-voirie', WORKS))
  await browser.as(DESK, async (v) => {
    await v.visit(address(COMMUNE, '/agents'))
    await v.stop('agent-01-connexion')
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'instructor'))
    await v.stop('agent-02-liste')
    await filter(v, made.number)
    await v.follow(made.number)
    assert.match(await v.text('.panel'), /Nadia Haddad/)
    assert.ok(await v.page.locator('table.rows').isVisible(), 'the list stays beside the request')
    await v.stop('agent-03-panneau')
    await v.press('Prendre en charge', { within: '.panel' })
    await v.follow('Ouvrir le dossier')
    await v.stop('agent-04-dossier')
    await writeAbout(v)
    await askForPapers(v)
  })
  await message(who.email, /pièces/)
  await bringPapers(made)
  await browser.as(NO_SCRIPT, (v) => decide(v, made, who))
  await browser.as(PHONE, async (v) => {
    await track(v, made)
    await v.follow('Lettre de réponse')
    await v.stop('citoyen-14-reponse')
  })
})

/** Filters narrow the list, and say by how much. */
async function filter(v, number) {
  const count = async () => Number((await v.text('table.rows caption')).match(/^(\d+)/)[1])
  const all = await count()
  await v.fill({ q: number })
  await v.press('Filtrer')
  assert.equal(await count(), 1)
  assert.ok(all > 1)
}

async function writeAbout(v) {
  await v.fill({ note: 'Voir avec le syndicat des eaux.' }, '#notes')
  await v.press('Enregistrer la note')
  assert.match(await v.text('#notes'), /syndicat des eaux/)
  await v.fill({ message: 'Bonjour, nous regardons votre demande.' }, '#echanges')
  await v.press('Envoyer le message')
  assert.match(await v.text('#historique'), /Message envoyé.*Note interne.*Prise en charge/)
}

/** Missing papers move the date by which the town must answer, and the page says so. */
async function askForPapers(v) {
  const due = () => v.text('[aria-label="En bref"] dt:text-is("Échéance") + dd')
  const before = await due()
  await v.follow('Demander une pièce')
  const pieces = v.page.locator('main [name="piece"]')
  for (let i = 0; i < Math.min(2, await pieces.count()); i++) await pieces.nth(i).check()
  await v.fill({ limite: iso(inDays(20)) })
  await v.press('Recalculer l’échéance')
  assert.match(await v.text('main .notice'), /nouvelle échéance/)
  await v.stop('agent-05-pieces')
  await v.press('Demander ces pièces')
  assert.match(await v.text('[aria-label="En bref"]'), /pièces/i)
  assert.notEqual(await due(), before, 'the due date reacts')
  await v.stop('agent-06-pieces-demandees')
  await v.follow('Toutes les dates')
  assert.match(await v.text('.timeline'), /L\.114-5/)
  await v.stop('agent-29-dates')
}

async function track(v, { number, tracking_code: code }) {
  await v.visit(address(COMMUNE, `/suivi?numero=${number}`))
  await v.fill({ code })
  await v.press('Suivre')
}

/** The citizen sends what was asked for, one paper after the other. */
async function bringPapers(made) {
  await browser.as(PHONE, async (v) => {
    await track(v, made)
    await v.stop('citoyen-13-pieces-demandees')
    await v.follow('Pourquoi ces dates')
    assert.match(await v.text('.timeline'), /L\.114-5/)
    await v.stop('citoyen-19-dates')
    await v.follow('Revenir à ma demande')
    for (let i = 0; i < 2; i++) {
      const form = v.page.locator('#pieces form').first()
      await form.locator('input[type=file]').setInputFiles(pdf(`plan-${i + 1}.pdf`))
      await v.press(form.locator('button'), { upload: true })
    }
    assert.equal(await v.page.locator('#pieces form').count(), 0, 'everything is there')
    assert.match(await v.text('#documents + ul, ul.files'), /plan-1\.pdf/)
    await v.press('J’accepte de la recevoir par courriel')
    assert.match(await v.text('#decision'), /accepté de recevoir la décision par courriel/)
  })
}

async function decide(v, { number }, who) {
  await signIn(v, COMMUNE, await agentOf(COMMUNE, 'instructor'), { to: `/agents/demandes/${number}` })
  assert.match(await v.text('#documents'), /plan-2\.pdf/)
  await v.follow('Accepter')
  await v.fill({ motifs: 'Remettre la chaussée en état sous 48 heures.' })
  await v.press('Recomposer la lettre')
  assert.match(await v.page.locator('main [name="lettre"]').inputValue(), /48 heures|motifs/i)
  await v.stop('agent-07-decision')
  await v.press(v.page.locator('main .actions button').first())
  assert.match(await v.text('main'), /Décision : Acceptée/)
  await v.stop('agent-08-decidee')
  const mail = await message(who.email, /une réponse de la mairie/)
  assert.ok(mail.text.includes(number) && mail.text.includes('48 heures'), 'the letter leaves with its conditions')
  await v.follow('Imprimer la lettre')
  await v.stop('agent-09-lettre')
}

test('an administrator prepares a procedure and goes back to the version before', LIMIT, async () => {
  for (const [look, slug] of [[DESK, 'vide-grenier'], [{ ...PHONE, js: false }, 'pret-materiel']]) {
    await browser.as(look, async (v) => {
      const path = `/agents/demarches/${slug}`
      await signIn(v, COMMUNE, await agentOf(COMMUNE, 'admin'), { to: `${path}/brouillon` })
      await v.press('Commencer un brouillon')
      await v.stop('agent-50-brouillon')
      await writeQuestion(v, path)
      if (look === DESK) await writeWithoutClicking(v, path)
      await writeTexts(v, path)
      await drawCircuit(v, path)
      await v.visit(address(COMMUNE, `${path}/brouillon`))
      const file = JSON.parse(await v.page.evaluate(async (from) => (await fetch(from)).text(), `${path}/brouillon.json`))
      file.title += ' (essai)'
      file.form.steps[0].sections[0].fields[0].help = 'Répondez au PLUS VITE POSSIBLE !!'
      await v.fill({ fichier: { name: 'essai.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(file)) } })
      await v.press('Remplacer le contenu')
      await v.visit(address(COMMUNE, `${path}/verifier`))
      assert.match(await v.text('main'), /Rien n’empêche de publier.*point d’exclamation/s)
      await v.page.locator('main details summary').first().click()
      await v.stop('agent-51-verifier')
      await v.visit(address(COMMUNE, `${path}/differences`))
      assert.match(await v.text('main'), /Le titre change/)
      await v.stop('agent-52-differences')
      await v.visit(address(COMMUNE, `${path}/essayer`))
      await v.stop('agent-53-essayer')
      await v.visit(address(COMMUNE, `${path}/modele`))
      await v.stop('agent-55-modele')
      await v.visit(address(COMMUNE, `${path}/brouillon`))
      await v.press('Publier')
      await v.page.locator('main details summary').first().click()
      await v.stop('agent-54-versions')
      await v.press('Revenir à cette version')
      assert.match(await v.text('main'), /Elle reprend la version 1/)
    })
  }
})

/** Two steps are added and a way between them; the picture shows them; then all of it is undone. */
async function drawCircuit(v, path) {
  await v.visit(address(COMMUNE, `${path}/circuit`))
  await v.stop('agent-57-circuit-vide')
  for (const title of ['Décision', 'Examen de la demande']) {
    if (await v.page.locator('.editor-nav').count()) await v.page.locator('.editor-steps details summary').click()
    await v.fill({ nouvelle_etape: title })
    await v.press('Ajouter l’étape')
  }
  await v.stop('agent-58-circuit-refuse')
  assert.match(await v.text('#obstacles'), /aucune demande n’y arrive/)
  await v.press(v.page.locator('.editor-panel').getByRole('button', { name: 'Monter' }))
  await v.fill({ nouveau_passage: 'Passer à la décision', nouveau_vers: 'decision' })
  await v.press('Ajouter le passage')
  assert.equal(await v.page.locator('#image path.circuit-way').count(), 1)
  await v.stop('agent-59-circuit')
  for (let i = 0; i < 4; i++) await v.press('Annuler la dernière modification')
}

/** A question is added, worded and asked under a condition; then all of it is undone. */
async function writeQuestion(v, path) {
  await v.visit(address(COMMUNE, `${path}/questions`))
  await v.stop('agent-55-questions')
  await v.fill({ nouvelle: 'Combien de mètres ?' })
  await v.press('Nombre')
  await v.page.locator('.editor-panel details summary').first().click()
  await v.fill({ unite: 'm', max: 'cent' })
  await v.press('Enregistrer', { expect: 422 })
  await v.stop('agent-56-question-refusee')
  await v.fill({ max: '100', 'si-0-0-question': '@applicant', 'si-0-0-valeur': 'Un organisme' })
  await v.press('Enregistrer')
  for (const part of await v.page.locator('.editor-panel details summary').all()) await part.click()
  assert.match(await v.text('main'), /Affichée si « Nature du demandeur » est « Un organisme »/)
  await v.stop('agent-57-question')
  while (/Combien de mètres/.test(await v.text('main'))) await v.press('Annuler la dernière modification')
}

/** With a script what is typed is kept by itself: after a moment, and before a link leads away. */
async function writeWithoutClicking(v, path) {
  await v.visit(address(COMMUNE, `${path}/questions`))
  const title = v.page.locator('.editor-panel [name="libelle"]')
  await title.fill('Une étape sans clic')
  await v.page.locator('.editor-nav', { hasText: 'Une étape sans clic' }).waitFor()
  assert.match(await v.text('.editor-bar'), /Brouillon enregistré/)
  await title.fill('Et sans attendre')
  await v.follow('Textes')
  await v.visit(address(COMMUNE, `${path}/questions`))
  assert.match(await v.text('.editor-nav'), /Et sans attendre/)
  await v.press('Annuler la dernière modification')
  assert.match(await v.text('.editor-nav'), /Une étape sans clic/)
}

/** The texts, the pieces, a letter and the look of it all, in the draft. */
async function writeTexts(v, path) {
  await v.visit(address(COMMUNE, `${path}/textes`))
  await v.fill({ minutes: 'dix' })
  await v.press('Enregistrer', { expect: 422 })
  await v.stop('agent-58-textes')
  await v.fill({ minutes: '10' })
  await v.press(v.page.locator('main .card .actions button').first())
  await v.visit(address(COMMUNE, `${path}/lettres`))
  await v.stop('agent-59-courriers')
  await v.visit(address(COMMUNE, `${path}/apercu`))
  await v.stop('agent-60-apercu')
}

test('an agent walks the list by keyboard', LIMIT, async () => {
  await browser.as(DESK, async (v) => {
    const { keyboard } = v.page
    const account = await agentOf(COMMUNE, 'instructor')
    await v.visit(address(COMMUNE, '/agents'))
    await v.tabTo(v.page.locator('[name="email"]'))
    await keyboard.type(account.email)
    await v.tabTo(v.page.locator('[name="password"]'), { max: 1 })
    await keyboard.type(account.password)
    await v.key('Enter')
    const links = v.page.locator('table.rows tbody a')
    const focused = () => v.page.evaluate(() => document.activeElement.textContent)
    await keyboard.press('j')
    assert.notEqual(await focused(), await links.nth(0).textContent(), 'j does nothing outside the list')
    await v.tabTo(links.first())
    await keyboard.press('j')
    assert.equal(await focused(), await links.nth(1).textContent())
    await keyboard.press('j')
    await keyboard.press('k')
    assert.equal(await focused(), await links.nth(1).textContent())
    const number = await focused()
    await v.key('Enter')
    assert.ok(plain(await v.page.locator('.panel').innerText()).includes(number))
    await v.tabTo(v.page.locator('.panel').getByRole('link', { name: 'Fermer' }), { max: 60 })
    await v.key('Enter')
    assert.equal(await v.page.locator('.panel').count(), 0)
    v.assertQuiet()
  })
})

test('a request at the counter takes few gestures', LIMIT, async () => {
  await browser.as(DESK, async (v) => {
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'front'))
    let gestures = 0
    const count = (does) => { gestures++; return does() }
    await count(() => v.follow('Nouvelle demande'))
    await v.stop('agent-09-nouvelle')
    await count(() => v.follow('Signaler un problème dans la rue'))
    await v.stop('agent-10-guichet')
    for (const [name, value] of Object.entries({ _canal: 'counter', _family_name: 'Pagès', _given_name: 'Louis', _phone: '06 39 98 45 67', categorie: 'chaussee', danger: 'non', lieu: 'Place du Marché' })) {
      await count(() => v.fill({ [name]: value }))
    }
    await count(() => v.press('Enregistrer la demande'))
    assert.match(await v.text('.code-box'), /\d\d-\d{6}.*Code de suivi/)
    assert.ok(gestures <= 12, `${gestures} gestures`)
    await v.stop('agent-11-recepisse')
    await v.page.emulateMedia({ media: 'print' })
    assert.equal(await v.page.locator('header.bar, nav.side').locator('visible=true').count(), 0, 'menus are not printed')
    assert.ok(await v.page.locator('.letter').first().isVisible())
  })
})

test('an administrator reads the figures and keeps the settings', LIMIT, async () => {
  await browser.as(DESK, async (v) => {
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'admin'), { to: '/agents/statistiques' })
    await v.stop('agent-12-statistiques')
    const csv = await v.page.evaluate(async () => { const r = await fetch('/agents/statistiques.csv'); return { status: r.status, type: r.headers.get('Content-Type'), lines: (await r.text()).trim().split('\n').length } })
    assert.ok(csv.status === 200 && /text\/csv/.test(csv.type) && csv.lines > 1, JSON.stringify(csv))
    for (const [pathname, name] of [['/agents/demarches', '13-demarches'], ['/agents/demarches/importer', '45-importer'], ['/agents/demarches/bibliotheque', '46-bibliotheque'], ['/agents/demarches/blocs', '65-blocs'], ['/agents/equipe', '15-equipe'], ['/agents/compte', '16-compte'], ['/agents/reglages/apparence', '23-apparence'], ['/agents/reglages/archive', '24-archive'], ['/agents/reglages/jours-feries', '41-jours-feries']]) {
      await v.visit(address(COMMUNE, pathname))
      await v.stop(`agent-${name}`)
    }
    await v.visit(address(COMMUNE, '/agents/reglages'))
    await v.press('Enregistrer les réglages')
    await v.stop('agent-17-reglages')
    await v.visit(address(COMMUNE, '/agents/reglages/identite'))
    await v.stop('agent-17c-identite')
    await ownNames(v)
  })
  await browser.as(PHONE, async (v) => {
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'admin'))
    await v.stop('agent-18-telephone-liste')
    await v.follow(v.page.locator('table.rows tbody a').first())
    await v.follow('Ouvrir le dossier')
    await v.stop('agent-19-telephone-dossier')
  })
})

/** Names of the commune's own, with the records to ask for: one below its domain, and the domain itself. */
async function ownNames(v) {
  const at = address(COMMUNE, '/agents/reglages/adresse')
  await v.visit(at)
  await v.stop('agent-17b-adresse')
  await v.fill({ host: 'mairie' })
  await v.press('Ajouter', { expect: 422 })
  await v.stop('agent-17d-adresse-erreur')
  for (const host of ['demarches.castanet-exemple.fr', 'castanet-exemple.fr']) {
    await v.fill({ host })
    await v.press('Ajouter')
    assert.match(await v.text(`section[aria-label="${host}"] table`), /CNAME|TXT/)
  }
  await v.stop('agent-17e-adresse-noms')
  for (const host of ['demarches.castanet-exemple.fr', 'castanet-exemple.fr']) {
    const own = v.page.locator(`section[aria-label="${host}"]`)
    await own.locator('summary', { hasText: 'Retirer' }).click()
    await v.press(own.getByRole('button', { name: 'Retirer' }))
  }
}

test('an agent puts a second factor in place and signs in with it', LIMIT, async () => {
  const account = await agentOf('auzeville-tolosane', 'admin')
  await browser.as(DESK, async (v) => {
    await signIn(v, 'auzeville-tolosane', account, { to: '/agents/compte/securite' })
    await v.stop('agent-20-second-facteur')
    await v.fill({ again: account.password })
    await v.press('L’activer')
    const secret = await v.text('code.secret')
    await v.stop('agent-21-cle')
    await v.fill({ code: totp(secret) })
    await v.press('Activer')
    assert.ok(await v.page.locator('.codes code').count() >= 8)
    await v.stop('agent-22-codes-de-secours')
    const [spare] = await v.page.locator('.codes code').allInnerTexts()
    await v.press('Se déconnecter', { within: 'body' })
    await signIn(v, 'auzeville-tolosane', account)
    await v.fill({ code: '000000' })
    await v.press('Continuer', { expect: 422 })
    await v.stop('agent-23-code')
    await v.fill({ code: totp(secret, Date.now() + 30_000) })
    await v.press('Continuer')
    assert.match(await v.text('h1'), /Demandes/)
    // As it was, so that the demo's account opens again with its password alone.
    await v.visit(address('auzeville-tolosane', '/agents/compte/securite'))
    await v.fill({ again: account.password, code: spare })
    await v.press('Retirer la double authentification')
  })
})
