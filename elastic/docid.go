package elastic

import (
	"crypto/sha256"
	"encoding/hex"
)

// maxDocumentID is the most bytes that Elasticsearch takes for an _id.
const maxDocumentID = 512

// documentID is the _id of an object's document: its key, or, where that is too long
// to be an _id, a digest of it.
func documentID(key string) string {
	if len(key) <= maxDocumentID {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256--" + hex.EncodeToString(sum[:])
}
