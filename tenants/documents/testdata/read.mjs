// Reads the PDFs of a folder with pdf.js and prints what it finds, as JSON.
import fs from 'node:fs'
import path from 'node:path'
import { getDocument, VerbosityLevel } from 'PDFJS'

const dir = process.argv[2]
const out = {}
for (const name of fs.readdirSync(dir).filter((n) => n.endsWith('.pdf'))) {
  const data = new Uint8Array(fs.readFileSync(path.join(dir, name)))
  const raw = Buffer.from(data).toString('latin1')
  const doc = await getDocument({ data, verbosity: VerbosityLevel.ERRORS, useSystemFonts: false }).promise
  const meta = await doc.getMetadata()
  const found = { title: meta.info.Title ?? '', lang: meta.info.Language ?? '', marked: (await doc.getMarkInfo())?.Marked === true, ua: '', pages: doc.numPages, text: '', roles: [], alts: [], untagged: 0, outside: [], placed: [] }
  found.ua = /pdfuaid:part(?:>|=")(\d)/.exec(raw)?.[1] ?? meta.metadata?.get('pdfuaid:part') ?? ''
  const walk = (n) => {
    if (n.role && n.role !== 'Root') found.roles.push(n.role)
    if (n.alt !== undefined) found.alts.push(n.alt)
    for (const c of n.children ?? []) walk(c)
  }
  for (let i = 1; i <= doc.numPages; i++) {
    const page = await doc.getPage(i)
    const [, , width, height] = page.view
    const tree = await page.getStructTree()
    if (tree) walk(tree)
    for (const item of (await page.getTextContent()).items) {
      found.text += item.str + (item.hasEOL ? '\n' : '')
      const [x, y] = [item.transform[4], item.transform[5]]
      // in millimetres from the left and from the top, for what has to lie in an envelope's window
      if (item.str.trim()) found.placed.push({ text: item.str, page: i, x: x / 72 * 25.4, y: (height - y) / 72 * 25.4 })
      if (item.str.trim() && (x < 0 || y < 0 || x + item.width > width || y > height)) found.outside.push(item.str)
    }
  }
  out[path.basename(name, '.pdf')] = found
}
process.stdout.write(JSON.stringify(out))
process.exit(0)
