// What the law asks of the pages: the dates and their reasons, notices, silences and what
// proves them, transmissions, letters on paper. The demonstration has an example of each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, platformJSON } from './harness.mjs'
import { agentOf, browser, COMMUNE, DESK, LIMIT, message, NO_SCRIPT, PHONE, signIn } from './people.mjs'

/** The number of somebody's request of a procedure, as the API finds it. */
async function numberOf(name, procedure, slug = COMMUNE) {
  const { api_token: token } = await agentOf(slug, 'admin')
  const url = new URL(address(slug, `/api/v1/requests?limit=50&q=${encodeURIComponent(name)}&procedure=${procedure}`))
  const host = url.host
  url.hostname = 'localhost'
  const { request } = await import('node:http')
  const text = await new Promise((done, fail) => request(url, { headers: { Host: host, Authorization: `Bearer ${token}` } }, (answer) => {
    let body = ''
    answer.on('data', (part) => { body += part }).on('end', () => done(body))
  }).on('error', fail).end())
  const found = JSON.parse(text).items.find((r) => r.applicant === name)
  assert.ok(found, `${name} asked for ${procedure}`)
  return found.number
}

/** Visits pages of a host, each a stop of the walk. */
async function walk(v, slug, pages) {
  for (const [name, pathname] of Object.entries(pages)) {
    await v.visit(address(slug, pathname))
    await v.stop(name)
  }
}

test('an agent sees what the law asks for', LIMIT, async () => {
  const n = async (...who) => `/agents/demandes/${await numberOf(...who)}`
  const [accepted, refused, answered] = [await n('Mathilde Cazaux', 'cantine'), await n('Rachid Benali', 'subvention-association'), await n('Sylvie Lagarde', 'terrasse')]
  const [incomplete, resumed, heard] = [await n('Noé Garcia', 'permission-voirie'), await n('Fatou N’Diaye', 'subvention-association'), await n('Olivier Pujol', 'terrasse')]
  const toSign = await n('Amélie Sarrazin', 'terrasse')
  const [gone, outside, posted, corrected] = [await n('Jeanne Molinier', 'permission-voirie'), await n('Pascale Dedieu', 'courrier-maire'), await n('Yves Espinasse', 'salle-association'), await n('Thuy Nguyên', 'courrier-maire')]
  await browser.as(DESK, async (v) => {
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'admin'), { to: '/agents/courriers' })
    await v.stop('loi-01-courriers')
    await v.follow('Lire', { within: 'main' })
    await v.stop('loi-10-impression')
    await walk(v, COMMUNE, {
      'loi-02-simulateur': '/agents/simulateur',
      'loi-03-simulateur-resultat': '/agents/simulateur?demarche=terrasse&recu=2026-12-01&canal=portal&territoire=metropole&demande-1=2026-12-08&limite-1=2026-12-23&pieces-1=2026-12-18',
      'loi-04-incidents': '/agents/incidents', 'loi-05-accuses': '/agents/accuses', 'loi-06-envois-abusifs': '/agents/envois-abusifs',
      'loi-07-lettre-modele': '/agents/demarches/terrasse/lettres/refuse', 'loi-08-demarche': '/agents/demarches/terrasse',
    })
    await v.visit(address(COMMUNE, '/agents/equipe'))
    await v.follow(v.page.locator('main table a').first())
    const member = new URL(v.page.url()).pathname
    await walk(v, COMMUNE, {
      'loi-09-delegations': `${member}/delegations`, 
      'loi-11-acceptee': accepted, 'loi-12-acceptee-retrait': `${accepted}/retrait`, 'loi-13-attestation': `${accepted}/attestation`,
      'loi-14-refusee': refused, 'loi-48-recours': `${refused}/recours`, 'loi-15-motifs-donnes': answered,
      'loi-16-incomplete': incomplete, 'loi-17-incomplete-dates': `${incomplete}/dates`, 'loi-18-incomplete-pieces': `${incomplete}/pieces`, 'loi-19-incomplete-transmission': `${incomplete}/transmission`,
      'loi-20-reprise': resumed, 'loi-21-reprise-dates': `${resumed}/dates`, 'loi-21-reprise-suspension': `${resumed}/suspension`, 'loi-22-contradictoire': heard, 'loi-23-contradictoire-retrait': `${heard}/retrait`,
      'loi-24-transmise': gone, 'loi-25-transmise-dehors': outside, 'loi-26-a-poster': posted, 'loi-27-corrigee-dates': `${corrected}/dates`,
      'loi-45-a-signer': '/agents/a-signer', 'loi-46-signature': `${toSign}/signature`, 'loi-47-attend-la-signature': toSign,
      'loi-28-accuse': `${corrected}/accuse`, 'loi-29-decision': `${corrected}/decision`,
    })
  })
})

/** Number, tracking code and page of a request, from the receipt that its person was mailed. */
async function openAs(v, name, procedure, email, slug = COMMUNE) {
  const number = await numberOf(name, procedure, slug)
  const { text } = await message(email, new RegExp(`${number}.*[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}`))
  await v.visit(address(slug, `/suivi?numero=${number}`))
  await v.fill({ code: text.match(/[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}/)[0] })
  await v.press('Suivre')
  return number
}

test('citizens read what became of their requests', LIMIT, async () => {
  await browser.as(PHONE, async (v) => {
    const number = await openAs(v, 'Mathilde Cazaux', 'cantine', 'mathilde.cazaux@exemple.fr')
    await v.stop('loi-30-acceptee')
    await walk(v, COMMUNE, { 'loi-31-acceptee-dates': `/demandes/${number}/dates`, 'loi-32-attestation': `/demandes/${number}/attestation` })
    const code = (await v.text('main')).match(/vérification ([A-Z0-9-]{9,})/)[1]
    await v.visit(address(COMMUNE, '/verifier'))
    await v.stop('loi-33-verifier')
    await v.fill({ code })
    await v.press('Vérifier')
    await v.stop('loi-34-authentique')
    await v.fill({ code: 'AAAA-AAAA-AAAA' })
    await v.press('Vérifier')
    await v.stop('loi-35-inconnu')
  })
  await browser.as(NO_SCRIPT, async (v) => {
    await openAs(v, 'Rachid Benali', 'subvention-association', 'rachid.benali@exemple.fr')
    await v.stop('loi-36-refusee')
    await openAs(v, 'Sylvie Lagarde', 'terrasse', 'sylvie.lagarde@exemple.fr')
    await v.stop('loi-37-motifs')
    await v.follow(v.page.locator('main a[href*="/motifs/"]').first())
    await v.stop('loi-38-motifs-lettre')
    await openAs(v, 'Noé Garcia', 'permission-voirie', 'noe.garcia@exemple.fr')
    await v.stop('loi-39-incomplete')
    const number = await openAs(v, 'Jeanne Molinier', 'permission-voirie', 'jeanne.molinier@exemple.fr')
    await v.stop('loi-40-transmise')
    await v.visit(address(COMMUNE, `/demandes/${number}/dates`))
    await v.stop('loi-41-transmise-dates')
  })
})

test('an intercommunal body has a portal, and takes what a commune transmits', LIMIT, async () => {
  const { tenants } = await platformJSON('/demo/accounts.json')
  const { slug } = tenants.find((t) => t.insee.length === 9)
  await browser.as(PHONE, async (v) => {
    for (const [name, pathname] of Object.entries({ 'epci-01': '/', 'epci-02-demarches': '/demarches', 'epci-03-demarche': '/demarches/permission-voirie' })) {
      await v.visit(address(slug, pathname))
      await v.stop(name)
      assert.doesNotMatch(await v.text('main'), /mairie|maire/i, `${pathname} of an intercommunal body speaks of no town hall`)
    }
  })
  await browser.as(DESK, async (v) => {
    await signIn(v, slug, await agentOf(slug, 'admin'))
    await v.stop('epci-04-liste')
    await v.visit(address(slug, `/agents/demandes/${await numberOf('Jeanne Molinier', 'permission-voirie', slug)}`))
    assert.match(await v.text('#transmissions'), /Castanet-Tolosan/)
    await v.stop('epci-05-recue')
  })
})
