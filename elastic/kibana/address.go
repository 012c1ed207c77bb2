package kibana

import (
	"encoding/base64"
	"errors"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"net"
	"net/url"
	"strings"
)

// Address derives Kibana's address from Elasticsearch's: in Elastic's cloud
// "….es.…" becomes "….kb.…", a port 9200 becomes 5601. Any other address is taken
// as Kibana's too, since a proxy in front can serve both. User and password are left out.
func Address(elasticsearch string) (string, error) {
	if err := endpoint.CheckURL("elasticsearch", elasticsearch); err != nil {
		return "", err
	}
	u, err := url.Parse(strings.TrimSpace(elasticsearch))
	if err != nil {
		return "", errors.New("elasticsearch: the URL is malformed")
	}
	u.User = nil
	host, port := u.Hostname(), u.Port()
	if strings.Contains(host, ".es.") {
		host = strings.Replace(host, ".es.", ".kb.", 1)
		if port == "9243" {
			port = "" // Kibana answers at 443 there
		}
	} else if port == "9200" {
		port = "5601"
	}
	switch {
	case port != "":
		u.Host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// AddressOfCloud takes Kibana's address out of a cloud id, "name:base64".
func AddressOfCloud(cloudID string) (string, error) {
	malformed := errors.New("cloud id: malformed; copy it from the deployment's page, or set Kibana's URL")
	_, data, found := strings.Cut(strings.TrimSpace(cloudID), ":")
	if !found {
		return "", malformed
	}
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		if b, err = base64.RawStdEncoding.DecodeString(data); err != nil {
			return "", malformed
		}
	}
	parts := strings.Split(string(b), "$")
	if len(parts) < 3 || parts[0] == "" || parts[2] == "" {
		return "", malformed
	}
	domain, port, found := strings.Cut(parts[0], ":")
	kibana, own, hasOwn := strings.Cut(parts[2], ":")
	if hasOwn {
		port, found = own, true
	}
	address := "https://" + kibana + "." + domain
	if found && port != "443" {
		address += ":" + port
	}
	if _, err := url.Parse(address); err != nil {
		return "", malformed
	}
	return address, nil
}
