package pattern

import (
	"strings"
	"sync"
)

// objectTable is the object types of STIX 2.0 (part 4) and 2.1 (section 6), and
// those that OpenCTI adds, with their properties: "name kind". A kind in square
// brackets is a list; a kind that begins with > is a reference to one of these types.
const objectTable = `
artifact: mime_type text, payload_bin bin, url text, hashes hashes, encryption_algorithm text, decryption_key text
autonomous-system: number int, name text, rir text
directory: path text, path_enc text, ctime time, mtime time, atime time, created time, modified time, accessed time, contains_refs [>directory|file]
domain-name: value text, resolves_to_refs [>domain-name|ipv4-addr|ipv6-addr]
email-addr: value text, display_name text, belongs_to_ref >user-account
email-message: is_multipart bool, date time, content_type text, from_ref >email-addr, sender_ref >email-addr, to_refs [>email-addr], cc_refs [>email-addr], bcc_refs [>email-addr], message_id text, subject text, received_lines [text], additional_header_fields any, body text, body_multipart [any], raw_email_ref >artifact
file: hashes hashes, size int, name text, name_enc text, magic_number_hex hex, mime_type text, ctime time, mtime time, atime time, created time, modified time, accessed time, parent_directory_ref >directory, contains_refs [>], content_ref >artifact, is_encrypted bool, encryption_algorithm text, decryption_key text
ipv4-addr: value text, resolves_to_refs [>mac-addr], belongs_to_refs [>autonomous-system]
ipv6-addr: value text, resolves_to_refs [>mac-addr], belongs_to_refs [>autonomous-system]
mac-addr: value text
mutex: name text
network-traffic: start time, end time, is_active bool, src_ref >domain-name|ipv4-addr|ipv6-addr|mac-addr, dst_ref >domain-name|ipv4-addr|ipv6-addr|mac-addr, src_port int, dst_port int, protocols [text], src_byte_count int, dst_byte_count int, src_packets int, dst_packets int, ipfix any, src_payload_ref >artifact, dst_payload_ref >artifact, encapsulates_refs [>network-traffic], encapsulated_by_ref >network-traffic, encapsulates_by_ref >network-traffic
process: is_hidden bool, pid int, name text, created time, created_time time, cwd text, arguments [text], command_line text, environment_variables any, opened_connection_refs [>network-traffic], creator_user_ref >user-account, image_ref >file, binary_ref >file, parent_ref >process, child_refs [>process]
software: name text, cpe text, swid text, languages [text], vendor text, version text
url: value text
user-account: user_id text, credential text, account_login text, account_type text, display_name text, is_service_account bool, is_privileged bool, can_escalate_privs bool, is_disabled bool, account_created time, account_expires time, credential_last_changed time, password_last_changed time, account_first_login time, account_last_login time
windows-registry-key: key text, values [any], modified_time time, modified time, creator_user_ref >user-account, number_of_subkeys int
x509-certificate: is_self_signed bool, hashes hashes, version text, serial_number text, signature_algorithm text, issuer text, validity_not_before time, validity_not_after time, subject text, subject_public_key_algorithm text, subject_public_key_modulus text, subject_public_key_exponent int, x509_v3_extensions any
hostname: value text
text: value text
user-agent: value text
cryptographic-key: value text
cryptocurrency-wallet: value text
phone-number: value text
tracking-number: value text
credential: value text
bank-account: iban text, bic text, account_number text
payment-card: card_number text, expiration_date time, cvv int, holder_name text
media-content: title text, content text, media_category text, url text, publication_date time
persona: persona_name text, persona_type text
ssh-key: key_type text, public_key text, fingerprint_sha256 text, fingerprint_md5 text, key_length int, expiration_date time, comment text, created time
imei: value text
imsi: value text
iccid: value text
`

// commonProperties are on every object.
const commonProperties = "type text, id text, spec_version text, extensions any, defanged bool, object_marking_refs [text], granular_markings [any], created_by_ref >"

// propertyType is what is known of a property.
type propertyType struct {
	kind string   // text, int, bool, time, hex, bin, hashes, any; ref for a reference
	list bool     // of that kind
	refs []string // the object types that a reference can be to; none means any
}

// objectTypes is the table, read once.
var objectTypes = sync.OnceValue(func() map[string]map[string]propertyType {
	types := map[string]map[string]propertyType{}
	for row := range strings.Lines(strings.TrimSpace(objectTable)) {
		name, properties, _ := strings.Cut(strings.TrimSpace(row), ": ")
		types[name] = map[string]propertyType{}
		for p := range strings.SplitSeq(properties+", "+commonProperties, ", ") {
			property, kind, _ := strings.Cut(p, " ")
			t := propertyType{list: kind[0] == '['}
			t.kind = strings.Trim(kind, "[]")
			if types, ok := strings.CutPrefix(t.kind, ">"); ok {
				t.kind = "ref"
				if types != "" {
					t.refs = strings.Split(types, "|")
				}
			}
			types[name][property] = t
		}
	}
	return types
})
