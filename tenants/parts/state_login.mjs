// A provider of identity like FranceConnect or ProConnect, for tests alone: the npm
// package oidc-provider, set up as theirs are documented (ES256 tokens, a signed
// userinfo, pairwise subjects, client_secret_post, a code of 30 seconds, end_session).
// Clients and persons are put in over /_test.
// Arguments: the folder of node_modules, franceconnect or proconnect, and a port.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, kind, port] = process.argv.slice(2)
const { default: Provider } = await import(pathToFileURL(createRequire(folder + '/').resolve('oidc-provider')))

const store = new Map() // of every model: tokens, sessions, clients
const people = new Map()
const agents = kind === 'proconnect'

class Adapter {
  constructor(model) { this.model = model }
  key(id) { return this.model + ':' + id }
  async upsert(id, payload) { store.set(this.key(id), payload) }
  async find(id) { return store.get(this.key(id)) }
  async findByUid(uid) { return [...store].find(([k, v]) => k.startsWith(this.model + ':') && v.uid === uid)?.[1] }
  async findByUserCode() { return undefined }
  async consume(id) { const v = store.get(this.key(id)); if (v) v.consumed = Math.floor(Date.now() / 1000) }
  async destroy(id) { store.delete(this.key(id)) }
  async revokeByGrantId(grant) { for (const [k, v] of store) if (v.grantId === grant) store.delete(k) }
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const scopes = agents
  ? { given_name: ['given_name'], usual_name: ['usual_name'], email: ['email'], uid: ['uid'], siret: ['siret'] }
  : {
      given_name: ['given_name'], family_name: ['family_name'], preferred_username: ['preferred_username'], birthdate: ['birthdate'],
      gender: ['gender'], birthplace: ['birthplace'], birthcountry: ['birthcountry'], email: ['email'],
      identite_pivot: ['given_name', 'family_name', 'birthdate', 'gender', 'birthplace', 'birthcountry'],
    }

const escape = (s) => String(s).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
const page = (title, body) => `<!doctype html><html lang="fr"><meta charset="utf-8"><title>${title}</title><main><h1>${title}</h1>${body}</main></html>`

function configuration() {
  return {
    adapter: Adapter,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'test' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_ctx, account, client) => createHash('sha256').update(client.clientId + '|' + account).digest('hex') + 'v1',
    acrValues: ['eidas1', 'eidas2', 'eidas3'],
    claims: { acr: null, amr: null, auth_time: null, iss: null, sid: null, openid: ['sub'], ...scopes },
    scopes: ['openid', ...Object.keys(scopes)],
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_post'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256', 'RS256', 'HS256'], userinfoSigningAlgValues: ['ES256', 'RS256'] },
    pkce: { required: () => false },
    ttl: { AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Interaction: 600, Grant: 1800, Session: agents ? 12 * 3600 : 1800 },
    routes: { authorization: '/authorize', token: '/token', userinfo: '/userinfo', jwks: '/jwks', end_session: '/session/end' },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      claimsParameter: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => { ctx.body = page('Se déconnecter', form.replace('</form>', '<button name="logout" value="yes">Se déconnecter</button></form>')) },
        postLogoutSuccessSource: (ctx) => { ctx.body = page('Déconnecté', '') },
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = page('Erreur', `<p class="error">${escape(out.error)} ${escape(out.error_description ?? '')}</p>`) },
    findAccount: (_ctx, id) => people.has(id) && { accountId: id, claims: async () => ({ sub: id, ...people.get(id).claims }) },
    clientDefaults: {
      grant_types: ['authorization_code'], response_types: ['code'], subject_type: 'pairwise', token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'ES256', userinfo_signed_response_alg: 'ES256',
    },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
      grant.addOIDCScope([...ctx.oidc.requestParamScopes].join(' '))
      grant.addOIDCClaims(['acr', 'amr'])
      await grant.save()
      return grant
    },
  }
}

const known = new Set(['client_id', 'scope', 'response_type', 'redirect_uri', 'state', 'nonce', 'acr_values', 'claims', 'prompt', 'login_hint', 'idp_hint'])

async function read(req) {
  let text = ''
  for await (const chunk of req) text += chunk
  return text
}

function send(res, status, type, body) {
  res.writeHead(status, { 'content-type': type })
  res.end(body)
}

// test is how a test puts in its clients and its persons.
async function test(req, res) {
  const body = JSON.parse(await read(req))
  if (req.url === '/_test/client') store.set('Client:' + body.client_id, body)
  else people.set(body.id, body)
  send(res, 200, 'text/plain', 'ok')
}

// interaction asks, in place of a real provider of identity, who it is.
async function interaction(provider, req, res) {
  if (req.method === 'GET') {
    await provider.interactionDetails(req, res)
    return send(res, 200, 'text/html; charset=utf-8', page('Qui êtes-vous ?', `<form method="post"><label>Identité <input name="who" autocomplete="off"></label>
      <button>Continuer</button><button name="cancel" value="1">Annuler</button></form>`))
  }
  const form = new URLSearchParams(await read(req))
  const person = people.get(form.get('who'))
  if (form.get('cancel') || !person) {
    return provider.interactionFinished(req, res, { error: 'access_denied', error_description: 'User auth aborted' }, { mergeWithLastSubmission: false })
  }
  return provider.interactionFinished(req, res, { login: { accountId: person.id, acr: person.acr ?? 'eidas1', amr: person.amr ?? ['pwd'], remember: false } }, { mergeWithLastSubmission: false })
}

const server = createServer()
server.listen(Number(port), '127.0.0.1', () => {
  const config = configuration()
  const provider = new Provider(`http://127.0.0.1:${port}/api/v2`, config)
  if (agents) { // ProConnect takes no parameter that it does not know, PKCE's among them
    provider.use(async (ctx, next) => {
      await next()
      if (ctx.path.endsWith('/openid-configuration')) delete ctx.body.code_challenge_methods_supported
    })
  }
  const callback = provider.callback()
  server.on('request', async (req, res) => {
    try {
      if (req.url.startsWith('/_test/')) return await test(req, res)
      if (req.url.startsWith('/interaction/')) return await interaction(provider, req, res)
      const url = new URL(req.url, `http://127.0.0.1:${port}`)
      if (agents && url.pathname === '/api/v2/authorize') {
        const unknown = [...url.searchParams.keys()].find((k) => !known.has(k))
        if (unknown) return send(res, 400, 'text/html; charset=utf-8', page('Erreur', `<p class="error">unknown parameter ${escape(unknown)}</p>`))
      }
      req.originalUrl = req.url
      req.url = req.url.replace(/^\/api\/v2/, '') || '/'
      callback(req, res)
    } catch (error) {
      send(res, 400, 'text/html; charset=utf-8', page('Erreur', `<p class="error">${escape(error.message)}</p>`))
    }
  })
})
