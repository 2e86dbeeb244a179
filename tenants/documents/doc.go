// Package documents owns what the town hall issues on paper: receipts, letters,
// attestations and lists of facts, as accessible PDFs (PDF/UA-1) in the commune's
// colours, each with a code that anybody can verify.
//
// It has two doors. [Issue] keeps a document's content, in the transaction of whoever
// issues it, with a short code and the SHA-256 of the very bytes that are kept; it is
// called again for the same source and gives the same document. [Renderer.Render] makes
// the PDF of a content, outside any transaction, whenever somebody asks for it: the PDF
// itself is kept nowhere, so that thousands of communes do not keep thousands of files.
//
// A [Content] is data and no markup. Whatever a citizen or an agent wrote comes out as
// the letters that they typed: the templates (Typst) get it as strings, which Typst never
// reads as its own language. Characters that no font of ours has are replaced by □ before,
// since PDF/UA refuses a text that cannot be shown.
//
// The renderer is a long-lived process of Node.js with Typst's compiler, spoken to over
// its standard input and output. It gets no network, no environment and no file of ours;
// what it needs (templates, fonts) is in this program and handed over at its start. The
// compiler keeps some memory of each document for ever (0.2 MB, measured with 0.7.0), so
// the process is replaced, ahead of need, once it has grown; and when it dies, which
// costs nobody their document. Without Node.js there is no PDF: pages then say what can
// be printed, and [Renderer.Render] answers fault.Unavailable "pdf_unavailable".
package documents
