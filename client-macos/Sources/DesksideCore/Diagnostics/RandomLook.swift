/// Whether a word looks like a key and not like a name.
enum RandomLook {
    static func has(_ word: String) -> Bool {
        guard word.count >= 24 else { return false }
        let digits = word.count { $0.isASCII && $0.isNumber }
        if word.count >= 32, word.allSatisfy(\.isHexDigit) { return digits > 0 }
        // CONSTANT_NAMES2 have separators.
        guard word.contains(where: \.isLowercase) || !word.contains(where: { "_-".contains($0) }) else { return false }
        // Names change case at a word's beginning; keys change between the three all the time.
        let changes = zip(word, word.dropFirst()).count { kind(of: $0) != kind(of: $1) }
        return digits >= 2 && changes * 3 >= word.count
    }

    private static func kind(of character: Character) -> Int {
        if character.isNumber { return 0 }
        return character.isUppercase ? 1 : 2
    }
}
