package main

import (
	"context"
	"log/slog"
	"os/exec"

	"github.com/parvis-gru/parvis/tenants/documents"
)

// renderer is what documents are made into PDFs with. Where something of it is missing,
// it makes none, and [documents.Renderer.Missing] says what.
func (c config) renderer(logger *slog.Logger) *documents.Renderer {
	node := c.Node
	if node == "" {
		node, _ = exec.LookPath("node") // none: no PDF
	}
	return documents.NewRenderer(documents.Config{Node: node, Dir: c.TypstDir, Log: logger})
}

// withoutPDF is what an operator reads at the start where no PDF can be had.
func (p *program) withoutPDF() string {
	if missing := p.pdf.Missing(); missing != "" {
		return "no PDFs: " + missing + " (PARVIS_TYPST_DIR, PARVIS_NODE). Pages still print"
	}
	return ""
}

// pdf looks whether documents can be made into PDFs. Where nobody has asked for them, that
// they are off is told, and fails nothing: pages print.
func (i *inspection) pdf(ctx context.Context, c config) {
	const name = "PDFs"
	r := c.renderer(nil)
	defer r.Close()
	if c.TypstDir == "" {
		i.tell(name, "off: "+r.Missing()+". Set PARVIS_TYPST_DIR to have them; pages still print")
		return
	}
	err := r.Check(ctx)
	advice := "Node.js 20 or later must be on PATH or at PARVIS_NODE. Then: npm install --ignore-scripts --prefix " + c.TypstDir + " " + documents.Compiler
	if missing := r.Missing(); missing != "" {
		advice = missing + ". " + advice
	}
	i.look(name, err, advice)
}
