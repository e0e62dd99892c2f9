package normalize

import (
	"strings"
	"unicode"
)

// Family names of two signs; all other Chinese and Korean family names have one.
var longFamilyNames = map[string]bool{
	"欧阳": true, "歐陽": true, "司马": true, "司馬": true, "上官": true, "诸葛": true, "諸葛": true, "东方": true, "皇甫": true,
	"尉迟": true, "公孙": true, "慕容": true, "令狐": true, "司徒": true, "夏侯": true, "端木": true, "南宫": true,
	"남궁": true, "황보": true, "제갈": true, "사공": true, "선우": true, "독고": true,
}

// What follows a name in East Asian writing out of courtesy.
var eastHonorifics = []string{"先生", "女士", "小姐", "様", "さま", "さん", "殿", "氏", "博士", "教授", "님", "씨", "박사", "교수"}

// Korean family names as their bearers spell them; the letters alone would give gim, i, bag.
var koreanFamilyNames = map[string]string{
	"김": "kim", "이": "lee", "박": "park", "최": "choi", "정": "jung", "강": "kang", "조": "cho", "윤": "yoon", "장": "jang",
	"임": "lim", "한": "han", "오": "oh", "서": "seo", "신": "shin", "권": "kwon", "황": "hwang", "안": "ahn", "송": "song",
	"류": "ryu", "유": "yoo", "전": "jeon", "홍": "hong", "고": "ko", "문": "moon", "양": "yang", "손": "son", "배": "bae",
	"백": "baek", "허": "heo", "남": "nam", "심": "shim", "노": "noh", "하": "ha", "곽": "kwak", "성": "sung", "차": "cha",
	"주": "joo", "우": "woo", "구": "koo", "민": "min", "나": "na", "진": "jin", "지": "ji", "엄": "eom", "원": "won",
	"천": "chun", "방": "bang", "현": "hyun", "변": "byun", "염": "yeom", "여": "yeo", "석": "seok", "마": "ma", "길": "kil",
}

// splitEastAsian splits a name in Chinese, Japanese or Korean writing, where the family name stands first. A middle dot
// means a foreign name in Chinese writing, whose given name stands first. Kana alone are left whole.
func (know *knowledge) splitEastAsian(s string) (personName, bool) {
	s = strings.TrimSpace(s)
	if s == "" || isASCII(s) {
		return personName{}, false
	}
	for _, title := range eastHonorifics {
		if name, ok := strings.CutSuffix(s, title); ok && len([]rune(strings.TrimSpace(name))) > 1 {
			s = strings.TrimSpace(name)
			break
		}
	}
	ideographs, letters := 0, 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hangul):
			ideographs++
			letters++
		case unicode.IsLetter(r):
			letters++
		}
	}
	if ideographs == 0 || ideographs < letters {
		return personName{}, false
	}
	if given, family, ok := strings.Cut(s, "·"); ok {
		return know.assemble([]string{compactOf(given)}, []string{compactOf(family)}, nil), true
	}
	words := strings.Fields(s)
	if len(words) >= 2 {
		return know.assemble([]string{know.givenName(strings.Join(words[1:], ""))}, []string{know.familyName(words[0])}, nil), true
	}
	signs := []rune(words[0])
	for n := min(3, len(signs)-1); n > 1; n-- { // a family name of several signs that the list knows
		if family, ok := know.nativeNames[string(signs[:n])]; ok {
			return know.assemble([]string{know.givenName(string(signs[n:]))}, []string{family}, nil), true
		}
	}
	n := 1
	switch {
	case len(signs) < 2 || len(signs) > 4:
		return know.assemble(nil, []string{compactOf(s)}, nil), true
	case len(signs) > 2 && longFamilyNames[string(signs[:2])]:
		n = 2
	case len(signs) == 4 && unicode.Is(unicode.Han, signs[0]):
		n = 2 // most often a Japanese name
	}
	return know.assemble([]string{know.givenName(string(signs[n:]))}, []string{know.familyName(string(signs[:n]))}, nil), true
}

// familyName folds a family name in East Asian writing.
func (know *knowledge) familyName(s string) string {
	if spelled, ok := koreanFamilyNames[s]; ok {
		return spelled
	}
	return know.givenName(s)
}

// givenName folds a name in East Asian writing: by the list where it is there, else by its signs.
func (know *knowledge) givenName(s string) string {
	if latin, ok := know.nativeNames[s]; ok {
		return latin
	}
	return compactOf(s)
}

// foldName folds one word of a name field; a name that the list of own writings knows is spelled as it says.
func (know *knowledge) foldName(raw string) string {
	if !isASCII(raw) {
		if latin, ok := know.nativeNames[strings.Trim(raw, ".,;")]; ok {
			return latin
		}
	}
	return Fold(raw)
}
