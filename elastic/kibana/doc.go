// Package kibana writes detection rules to Kibana's detection engine.
//
// Start with [Sink], the [github.com/opencti-elastic/opencti-elastic/sync.Sink] that keeps the rules of one space
// in step with the indicators of a stream:
//
//	client, err := kibana.NewClient(kibana.Config{URL: "https://kibana:5601", APIKey: key})
//	builder, err := rules.NewBuilder(rules.Options{})
//	sink, err := kibana.NewSink(kibana.SinkOptions{Kibana: client, Builder: builder})
//	engine, err := sync.NewEngine(sync.Options{Source: source, Sinks: []sync.Sink{sink}})
//	err = engine.Run(ctx)
//
// [Files] writes the same as files for Kibana's import, for networks without a way out. [Adopt] takes over
// the rules that the Python connector made.
//
// # What is kept
//
// A rule is made or changed by an import of many, and never overwritten blindly: what a person has put on it,
// exceptions, actions, the switch, a changed schedule, tags and notes, is read first and stays. Only rules that
// carry our mark are ever changed or deleted, and never one that is Elastic's. A bulk action always names its
// rules, since without ids Kibana would act on every rule of the space.
//
// # Errors
//
// An answer that is no success is an [*github.com/opencti-elastic/opencti-elastic/elastic.StatusError]. A refused rule
// is a result of its own; a Kibana that is not there, or refuses us, is an error of the whole write.
//
// The facts are those of Kibana 8.12 to 9.x: the detection engine's API of 2023-10-31.
package kibana
