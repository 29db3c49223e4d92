import Testing

@testable import DesksideCore

struct RedactorTests {
    private let redactor = Redactor(
        people: ["aschmidt", "Anna Schmidt", "Jo"], hosts: ["Annas-MacBook-Pro", "annas-macbook-pro.example.org"])

    @Test(arguments: [
        // Secrets
        ("Authorization: Bearer eyJhbGciOi.eyJzdWIi.c2ln", "Authorization: [secret]"),
        ("set-cookie: webvpn=ABC; path=/\nnext", "set-cookie: [secret]\nnext"),
        ("got Bearer abcdef0123456789", "got Bearer [secret]"),
        ("Basic dXNlcjpwYXNz0=", "Basic [secret]"),
        ("basic constraints are fine", "basic constraints are fine"),
        ("id_token=abc.def.ghi&state=1", "id_token=[secret]&state=1"),
        (#"{"password": "hunter2 and more", "x": 1}"#, #"{"password": [secret], "x": 1}"#),
        ("Password: hunter2", "Password: [secret]"),
        ("client_secret=s3cr3t;next", "client_secret=[secret];next"),
        ("token eyJraWQiOiJhYmMi.eyJzdWIiOiIxMjMi.AbC-_1", "token [token]"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("https://anna:pw@vpn.example.org/x", "https://[login]@vpn.example.org/x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nok", "[key or certificate]\nok"),
        ("-----BEGIN CERTIFICATE-----\nMIIE cut here", "[key or certificate]"),
        ("cookie 4gk29Jd8fKq0Zx7Lm3Pw5Rt1Vb6 end", "cookie [secret] end"),
        ("hash 9f86d081884c7d659a2feaa0c55ad015", "hash [secret]"),
        ("SSID: Home Net 7", "SSID: [secret] Net 7"),
        ("Serial Number (system): C02XG0FDH7JY", "Serial Number (system): [secret]"),
        // People and machines
        ("mail anna.schmidt@example.org, ANNA.SCHMIDT@example.org", "mail [e-mail 1], [e-mail 1]"),
        ("a@b.example and müller@b.example", "[e-mail 1] and [e-mail 2]"),
        ("/Users/aschmidt/Library/x.log", "/Users/[person]/Library/x.log"),
        ("/Users/Shared/x.log", "/Users/Shared/x.log"),
        ("user AScHmidt logged in; aschmidts did not", "user [person] logged in; aschmidts did not"),
        ("Anna Schmidt's Mac", "[person]'s Mac"),
        ("Jo is too short a name to look for", "Jo is too short a name to look for"),
        ("host annas-macbook-pro.example.org", "host [this-mac]"),
        ("Bobs-iMac.local, bobs-imac.local", "[host 1], [host 1]"),
        ("id 1B4E28BA-2FA1-11D2-883F-0016D3CCA427", "id [id 1]"),
        // Addresses
        ("ether 3c:06:30:2a:9b:11", "ether [mac 1]"),
        ("ether 3c:6:30:2a:9b:11 and 3C-06-30-2A-9B-11", "ether [mac 1] and [mac 2]"),
        ("mac 3c06.302a.9b11", "mac [mac 1]"),
        ("203.0.113.10 via 8.8.8.8, then 203.0.113.10.", "[public 1] via [public 2], then [public 1]."),
        ("203.0.113.10/32 link#4 203.0.113.10:443", "[public 1]/32 link#4 [public 1]:443"),
        (
            "10.3.3.3 172.16.0.1 172.31.9.9 192.168.1.23 127.0.0.1 169.254.1.1 100.64.0.9 255.255.255.0 0.0.0.0",
            "10.3.3.3 172.16.0.1 172.31.9.9 192.168.1.23 127.0.0.1 169.254.1.1 100.64.0.9 255.255.255.0 0.0.0.0"
        ),
        ("172.32.0.1 100.128.0.1", "[public 1] [public 2]"),
        ("Cisco Secure Client (version 5.1.8.105) .", "Cisco Secure Client (version 5.1.8.105) ."),
        ("999.1.1.1 1.2.3 1.2.3.4.5", "999.1.1.1 1.2.3 1.2.3.4.5"),
        ("2001:db8::1 and 2a02:8070:1:2:3:4:5:6", "[public 1] and [public 2]"),
        ("fe80::1%lo0 ::1 fd00::5", "fe80::1%lo0 ::1 fd00::5"),
        ("fe80::1c3a:52ff:fe21:9b11%en0", "[link-local 1]%en0"),
        // What has to stay readable
        ("Duration: 21:08:38", "Duration: 21:08:38"),
        ("2026-11-23 15:04:05.123 Df vpnagentd[412:1a2b] x", "2026-11-23 15:04:05.123 Df vpnagentd[412:1a2b] x"),
        ("Cipher: ECDHE_RSA_AES256_GCM_SHA384", "Cipher: ECDHE_RSA_AES256_GCM_SHA384"),
        ("flags=8863<UP,BROADCAST,SMART,RUNNING> mtu 1500", "flags=8863<UP,BROADCAST,SMART,RUNNING> mtu 1500"),
        ("/opt/cisco/secureclient/bin/vpnagentd", "/opt/cisco/secureclient/bin/vpnagentd"),
        ("CNetEnvironment::TestNetworkEnv", "CNetEnvironment::TestNetworkEnv"),
        ("NetworkExtensionProviderDidStartTunnel2", "NetworkExtensionProviderDidStartTunnel2"),
        ("netmask 0xffffff00", "netmask 0xffffff00"),
        ("", ""),
    ])
    func table(text: String, redacted: String) {
        #expect(redactor.redacted(text) == redacted)
    }

    @Test func valuesKeepTheirNumberAcrossTheTextsOfOneAnswer() {
        #expect(redactor.redacted(["8.8.8.8", "1.1.1.1 8.8.8.8"]) == ["[public 1]", "[public 2] [public 1]"])
    }

    @Test(arguments: ["disconnect-4.7.txt", "stats-5.txt", "stats-4.5.txt"])
    func ciscosOwnWordsStay(fixture: String) throws {
        let text = try CiscoFixture.text(fixture)
        #expect(redactor.redacted(text) == text)
    }

    @Test func aSecondTimeChangesNothing() {
        let text = """
            Authorization: Bearer abc123456789 password=x https://a:b@c.example mail a@b.example 8.8.8.8 \
            ether 3c:06:30:2a:9b:11 /Users/aschmidt/ 4gk29Jd8fKq0Zx7Lm3Pw5Rt1Vb6
            """
        let once = redactor.redacted(text)
        #expect(redactor.redacted(once) == once)
    }

    /// Patterns that go back and forth would take hours over these.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["a", "a@", "a.", "0:", ":", "1.", "token", "token=", "-----BEGIN A-----", "=", "/", "aA0", "-"])
    func hostileTextIsNoWork(part: String) {
        let text = String(repeating: part, count: 16 * 1024 / part.utf8.count)
        #expect(redactor.redacted(text).utf8.count <= 4 * text.utf8.count)
    }
}
