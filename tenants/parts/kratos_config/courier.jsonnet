function(ctx) {
  recipient: ctx.recipient,
  template_type: ctx.template_type,
  template_data: ctx.template_data,
  transient_payload: if std.objectHas(ctx.template_data, 'transient_payload') then ctx.template_data.transient_payload else null,
}
