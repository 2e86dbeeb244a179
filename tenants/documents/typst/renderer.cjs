// The other side of tenants/documents: frames of a length (4 bytes, big-endian) and JSON
// come in by the standard input, the first with what every document needs; each is
// answered by a frame of JSON and, where it says so, the bytes of a PDF.
'use strict'
const { NodeCompiler } = require('@myriaddreamin/typst-ts-node-compiler')

const root = '/parvis'
let compiler, count = 0, waiting = Buffer.alloc(0)

function answer(head, pdf) {
  const json = Buffer.from(JSON.stringify({ ...head, size: pdf ? pdf.length : 0, rss: process.memoryUsage.rss() }))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  process.stdout.write(pdf ? Buffer.concat([length, json, pdf]) : Buffer.concat([length, json]))
}

// What the compiler says may repeat the text of a document: what stands in its quotes
// (back quotes) goes no further.
const quiet = text => String(text).replace(/`[^`]*`/g, '…').slice(0, 400)

function begin(job) {
  compiler = NodeCompiler.create({ workspace: root, fontArgs: [{ fontBlobs: job.fonts.map(f => Buffer.from(f, 'base64')) }] })
  for (const [name, text] of Object.entries(job.templates)) compiler.addSource(root + '/' + name, text)
  answer({ ok: true })
}

function render(job) {
  const logo = job.logo ? root + job.logo_name : ''
  compiler.mapShadow(root + '/data.json', Buffer.from(JSON.stringify(job.data)))
  if (logo) compiler.mapShadow(logo, Buffer.from(job.logo, 'base64'))
  try {
    const made = compiler.compile({ mainFilePath: root + '/' + job.template })
    if (made.hasError()) {
      return answer({ ok: false, error: compiler.fetchDiagnostics(made.takeError()).map(d => quiet(d.message) + ' at ' + JSON.stringify(d.range)).join('; ') })
    }
    const pdf = compiler.pdf(made.result, { pdfStandard: 'ua-1', creationTimestamp: job.at })
    answer({ ok: true }, pdf)
  } catch (e) {
    const said = [...String(e.message).matchAll(/message: "((?:[^"\\]|\\.)*)"/g)].map(m => m[1])
    answer({ ok: false, error: quiet(said.length ? said.join('; ') : e.message) })
  } finally {
    if (logo) compiler.unmapShadow(logo)
    compiler.evictCache(2)
    if (++count % 20 === 0) global.gc()
  }
}

process.stdin.on('data', chunk => {
  waiting = waiting.length ? Buffer.concat([waiting, chunk]) : chunk
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
    const end = 4 + waiting.readUInt32BE(0)
    const job = JSON.parse(waiting.subarray(4, end).toString('utf8'))
    waiting = waiting.subarray(end)
    if (compiler) render(job)
    else begin(job)
  }
})
process.stdin.on('end', () => process.exit(0))
