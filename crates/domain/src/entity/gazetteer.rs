//! Data of [`place`](super::place): countries with cities whose state, postal code and dialling code belong together.
//!
//! In templates `#` is a digit and `?` a letter. Telephone numbers are those that regulators keep for films and books,
//! have the North American exchange 555, which no subscriber has, or begin as no number does that can be dialled.

/// A country and what its addresses look like.
#[derive(Debug)]
pub struct Country {
    /// English short name, ISO 3166-1 codes of two and three letters.
    pub name: &'static str,
    pub codes: [&'static str; 2],
    pub cities: &'static [City],
}

/// A city: name, state, state code (ISO 3166-2), template of postal codes, template of telephone numbers.
#[derive(Debug)]
pub struct City(pub &'static str, pub &'static str, pub &'static str, pub &'static str, pub &'static str);

const fn country(name: &'static str, codes: [&'static str; 2], cities: &'static [City]) -> Country {
    Country { name, codes, cities }
}

/// The first one is meant where a table has no country.
pub const COUNTRIES: &[Country] = &[
    country("United States", ["US", "USA"], UNITED_STATES),
    country("Canada", ["CA", "CAN"], CANADA),
    country("Mexico", ["MX", "MEX"], MEXICO),
    country("Brazil", ["BR", "BRA"], BRAZIL),
    country("United Kingdom", ["GB", "GBR"], UNITED_KINGDOM),
    country("Ireland", ["IE", "IRL"], IRELAND),
    country("France", ["FR", "FRA"], FRANCE),
    country("Germany", ["DE", "DEU"], GERMANY),
    country("Austria", ["AT", "AUT"], AUSTRIA),
    country("Switzerland", ["CH", "CHE"], SWITZERLAND),
    country("Netherlands", ["NL", "NLD"], NETHERLANDS),
    country("Spain", ["ES", "ESP"], SPAIN),
    country("Portugal", ["PT", "PRT"], PORTUGAL),
    country("Italy", ["IT", "ITA"], ITALY),
    country("Poland", ["PL", "POL"], POLAND),
    country("Sweden", ["SE", "SWE"], SWEDEN),
    country("India", ["IN", "IND"], INDIA),
    country("Japan", ["JP", "JPN"], JAPAN),
    country("Australia", ["AU", "AUS"], AUSTRALIA),
    country("New Zealand", ["NZ", "NZL"], NEW_ZEALAND),
];

#[rustfmt::skip]
const UNITED_STATES: &[City] = &[
    City("New York", "New York", "NY", "100##", "+1-212-555-####"),
    City("Buffalo", "New York", "NY", "142##", "+1-716-555-####"),
    City("Los Angeles", "California", "CA", "900##", "+1-213-555-####"),
    City("San Diego", "California", "CA", "921##", "+1-619-555-####"),
    City("San Francisco", "California", "CA", "941##", "+1-415-555-####"),
    City("Sacramento", "California", "CA", "958##", "+1-916-555-####"),
    City("Fresno", "California", "CA", "937##", "+1-559-555-####"),
    City("Chicago", "Illinois", "IL", "606##", "+1-312-555-####"),
    City("Springfield", "Illinois", "IL", "627##", "+1-217-555-####"),
    City("Houston", "Texas", "TX", "770##", "+1-713-555-####"),
    City("Dallas", "Texas", "TX", "752##", "+1-214-555-####"),
    City("Austin", "Texas", "TX", "787##", "+1-512-555-####"),
    City("San Antonio", "Texas", "TX", "782##", "+1-210-555-####"),
    City("El Paso", "Texas", "TX", "799##", "+1-915-555-####"),
    City("Phoenix", "Arizona", "AZ", "850##", "+1-602-555-####"),
    City("Tucson", "Arizona", "AZ", "857##", "+1-520-555-####"),
    City("Philadelphia", "Pennsylvania", "PA", "191##", "+1-215-555-####"),
    City("Pittsburgh", "Pennsylvania", "PA", "152##", "+1-412-555-####"),
    City("Jacksonville", "Florida", "FL", "322##", "+1-904-555-####"),
    City("Miami", "Florida", "FL", "331##", "+1-305-555-####"),
    City("Tampa", "Florida", "FL", "336##", "+1-813-555-####"),
    City("Orlando", "Florida", "FL", "328##", "+1-407-555-####"),
    City("Columbus", "Ohio", "OH", "432##", "+1-614-555-####"),
    City("Cleveland", "Ohio", "OH", "441##", "+1-216-555-####"),
    City("Cincinnati", "Ohio", "OH", "452##", "+1-513-555-####"),
    City("Charlotte", "North Carolina", "NC", "282##", "+1-704-555-####"),
    City("Raleigh", "North Carolina", "NC", "276##", "+1-919-555-####"),
    City("Indianapolis", "Indiana", "IN", "462##", "+1-317-555-####"),
    City("Seattle", "Washington", "WA", "981##", "+1-206-555-####"),
    City("Spokane", "Washington", "WA", "992##", "+1-509-555-####"),
    City("Denver", "Colorado", "CO", "802##", "+1-303-555-####"),
    City("Boston", "Massachusetts", "MA", "021##", "+1-617-555-####"),
    City("Worcester", "Massachusetts", "MA", "016##", "+1-508-555-####"),
    City("Nashville", "Tennessee", "TN", "372##", "+1-615-555-####"),
    City("Memphis", "Tennessee", "TN", "381##", "+1-901-555-####"),
    City("Detroit", "Michigan", "MI", "482##", "+1-313-555-####"),
    City("Lansing", "Michigan", "MI", "489##", "+1-517-555-####"),
    City("Portland", "Oregon", "OR", "972##", "+1-503-555-####"),
    City("Eugene", "Oregon", "OR", "974##", "+1-541-555-####"),
    City("Las Vegas", "Nevada", "NV", "891##", "+1-702-555-####"),
    City("Reno", "Nevada", "NV", "895##", "+1-775-555-####"),
    City("Louisville", "Kentucky", "KY", "402##", "+1-502-555-####"),
    City("Lexington", "Kentucky", "KY", "405##", "+1-859-555-####"),
    City("Baltimore", "Maryland", "MD", "212##", "+1-410-555-####"),
    City("Milwaukee", "Wisconsin", "WI", "532##", "+1-414-555-####"),
    City("Madison", "Wisconsin", "WI", "537##", "+1-608-555-####"),
    City("Albuquerque", "New Mexico", "NM", "871##", "+1-505-555-####"),
    City("Kansas City", "Missouri", "MO", "641##", "+1-816-555-####"),
    City("Saint Louis", "Missouri", "MO", "631##", "+1-314-555-####"),
    City("Atlanta", "Georgia", "GA", "303##", "+1-404-555-####"),
    City("Savannah", "Georgia", "GA", "314##", "+1-912-555-####"),
    City("Omaha", "Nebraska", "NE", "681##", "+1-402-555-####"),
    City("Minneapolis", "Minnesota", "MN", "554##", "+1-612-555-####"),
    City("Duluth", "Minnesota", "MN", "558##", "+1-218-555-####"),
    City("New Orleans", "Louisiana", "LA", "701##", "+1-504-555-####"),
    City("Baton Rouge", "Louisiana", "LA", "708##", "+1-225-555-####"),
    City("Oklahoma City", "Oklahoma", "OK", "731##", "+1-405-555-####"),
    City("Tulsa", "Oklahoma", "OK", "741##", "+1-918-555-####"),
    City("Honolulu", "Hawaii", "HI", "968##", "+1-808-555-####"),
    City("Anchorage", "Alaska", "AK", "995##", "+1-907-555-####"),
    City("Boise", "Idaho", "ID", "837##", "+1-208-555-####"),
    City("Salt Lake City", "Utah", "UT", "841##", "+1-801-555-####"),
    City("Des Moines", "Iowa", "IA", "503##", "+1-515-555-####"),
    City("Little Rock", "Arkansas", "AR", "722##", "+1-501-555-####"),
    City("Richmond", "Virginia", "VA", "232##", "+1-804-555-####"),
    City("Norfolk", "Virginia", "VA", "235##", "+1-757-555-####"),
    City("Newark", "New Jersey", "NJ", "071##", "+1-973-555-####"),
    City("Hartford", "Connecticut", "CT", "061##", "+1-860-555-####"),
    City("Providence", "Rhode Island", "RI", "029##", "+1-401-555-####"),
    City("Burlington", "Vermont", "VT", "054##", "+1-802-555-####"),
    City("Concord", "New Hampshire", "NH", "033##", "+1-603-555-####"),
    City("Portland", "Maine", "ME", "041##", "+1-207-555-####"),
    City("Charleston", "South Carolina", "SC", "294##", "+1-843-555-####"),
    City("Birmingham", "Alabama", "AL", "352##", "+1-205-555-####"),
    City("Jackson", "Mississippi", "MS", "392##", "+1-601-555-####"),
    City("Wichita", "Kansas", "KS", "672##", "+1-316-555-####"),
    City("Fargo", "North Dakota", "ND", "581##", "+1-701-555-####"),
    City("Sioux Falls", "South Dakota", "SD", "571##", "+1-605-555-####"),
    City("Billings", "Montana", "MT", "591##", "+1-406-555-####"),
    City("Cheyenne", "Wyoming", "WY", "820##", "+1-307-555-####"),
    City("Charleston", "West Virginia", "WV", "253##", "+1-304-555-####"),
    City("Wilmington", "Delaware", "DE", "198##", "+1-302-555-####"),
];

#[rustfmt::skip]
const CANADA: &[City] = &[
    City("Toronto", "Ontario", "ON", "M5V #?#", "+1-416-555-####"),
    City("Ottawa", "Ontario", "ON", "K1P #?#", "+1-613-555-####"),
    City("Montreal", "Quebec", "QC", "H3B #?#", "+1-514-555-####"),
    City("Vancouver", "British Columbia", "BC", "V6B #?#", "+1-604-555-####"),
    City("Calgary", "Alberta", "AB", "T2P #?#", "+1-403-555-####"),
    City("Winnipeg", "Manitoba", "MB", "R3C #?#", "+1-204-555-####"),
    City("Halifax", "Nova Scotia", "NS", "B3J #?#", "+1-902-555-####"),
];

#[rustfmt::skip]
const MEXICO: &[City] = &[
    City("Guadalajara", "Jalisco", "JAL", "44###", "+52 000 ### ####"),
    City("Monterrey", "Nuevo Leon", "NLE", "64###", "+52 000 ### ####"),
    City("Puebla", "Puebla", "PUE", "72###", "+52 000 ### ####"),
    City("Merida", "Yucatan", "YUC", "97###", "+52 000 ### ####"),
];

#[rustfmt::skip]
const BRAZIL: &[City] = &[
    City("Sao Paulo", "Sao Paulo", "SP", "01###-###", "+55 00 0###-####"),
    City("Rio de Janeiro", "Rio de Janeiro", "RJ", "20###-###", "+55 00 0###-####"),
    City("Belo Horizonte", "Minas Gerais", "MG", "30###-###", "+55 00 0###-####"),
    City("Salvador", "Bahia", "BA", "40###-###", "+55 00 0###-####"),
    City("Curitiba", "Parana", "PR", "80###-###", "+55 00 0###-####"),
    City("Recife", "Pernambuco", "PE", "50###-###", "+55 00 0###-####"),
];

#[rustfmt::skip]
const UNITED_KINGDOM: &[City] = &[
    City("London", "England", "ENG", "N1 #??", "+44 20 7946 0###"),
    City("Manchester", "England", "ENG", "M1 #??", "+44 161 496 0###"),
    City("Birmingham", "England", "ENG", "B1 #??", "+44 121 496 0###"),
    City("Leeds", "England", "ENG", "LS1 #??", "+44 113 496 0###"),
    City("Bristol", "England", "ENG", "BS1 #??", "+44 117 496 0###"),
    City("Edinburgh", "Scotland", "SCT", "EH1 #??", "+44 131 496 0###"),
    City("Glasgow", "Scotland", "SCT", "G1 #??", "+44 141 496 0###"),
    City("Cardiff", "Wales", "WLS", "CF10 #??", "+44 29 2018 0###"),
    City("Belfast", "Northern Ireland", "NIR", "BT1 #??", "+44 28 9649 6###"),
];

#[rustfmt::skip]
const IRELAND: &[City] = &[
    City("Dublin", "Leinster", "L", "D02 ??##", "+353 20 91# ####"),
    City("Cork", "Munster", "M", "T12 ??##", "+353 20 91# ####"),
    City("Galway", "Connacht", "C", "H91 ??##", "+353 20 91# ####"),
];

#[rustfmt::skip]
const FRANCE: &[City] = &[
    City("Paris", "Ile-de-France", "IDF", "750##", "+33 1 99 00 ## ##"),
    City("Nantes", "Pays de la Loire", "PDL", "44###", "+33 2 61 91 ## ##"),
    City("Rennes", "Brittany", "BRE", "35###", "+33 2 61 91 ## ##"),
    City("Strasbourg", "Grand Est", "GES", "67###", "+33 3 53 01 ## ##"),
    City("Lille", "Hauts-de-France", "HDF", "59###", "+33 3 53 01 ## ##"),
    City("Lyon", "Auvergne-Rhone-Alpes", "ARA", "690##", "+33 4 65 71 ## ##"),
    City("Toulouse", "Occitanie", "OCC", "31###", "+33 5 36 49 ## ##"),
    City("Bordeaux", "Nouvelle-Aquitaine", "NAQ", "33###", "+33 5 36 49 ## ##"),
];

#[rustfmt::skip]
const GERMANY: &[City] = &[
    City("Berlin", "Berlin", "BE", "10###", "+49 30 23125 ###"),
    City("Hamburg", "Hamburg", "HH", "20###", "+49 40 66969 ###"),
    City("Munich", "Bavaria", "BY", "80###", "+49 89 99998 ###"),
    City("Frankfurt", "Hesse", "HE", "60###", "+49 69 90009 ###"),
    City("Cologne", "North Rhine-Westphalia", "NW", "50###", "+49 221 4710 ###"),
];

#[rustfmt::skip]
const AUSTRIA: &[City] = &[
    City("Vienna", "Vienna", "9", "10##", "+43 000 ######"),
    City("Graz", "Styria", "6", "80##", "+43 000 ######"),
    City("Linz", "Upper Austria", "4", "40##", "+43 000 ######"),
    City("Salzburg", "Salzburg", "5", "50##", "+43 000 ######"),
];

#[rustfmt::skip]
const SWITZERLAND: &[City] = &[
    City("Zurich", "Zurich", "ZH", "80##", "+41 00 ### ## ##"),
    City("Geneva", "Geneva", "GE", "12##", "+41 00 ### ## ##"),
    City("Bern", "Bern", "BE", "30##", "+41 00 ### ## ##"),
    City("Lausanne", "Vaud", "VD", "10##", "+41 00 ### ## ##"),
];

#[rustfmt::skip]
const NETHERLANDS: &[City] = &[
    City("Amsterdam", "North Holland", "NH", "10## ??", "+31 00 ### ####"),
    City("Rotterdam", "South Holland", "ZH", "30## ??", "+31 00 ### ####"),
    City("Utrecht", "Utrecht", "UT", "35## ??", "+31 00 ### ####"),
    City("Eindhoven", "North Brabant", "NB", "56## ??", "+31 00 ### ####"),
    City("Groningen", "Groningen", "GR", "97## ??", "+31 00 ### ####"),
];

#[rustfmt::skip]
const SPAIN: &[City] = &[
    City("Madrid", "Madrid", "MD", "280##", "+34 000 ### ###"),
    City("Barcelona", "Catalonia", "CT", "080##", "+34 000 ### ###"),
    City("Valencia", "Valencia", "VC", "460##", "+34 000 ### ###"),
    City("Seville", "Andalusia", "AN", "410##", "+34 000 ### ###"),
    City("Zaragoza", "Aragon", "AR", "500##", "+34 000 ### ###"),
    City("Bilbao", "Basque Country", "PV", "480##", "+34 000 ### ###"),
];

#[rustfmt::skip]
const PORTUGAL: &[City] = &[
    City("Lisbon", "Lisbon", "11", "11##-###", "+351 000 ### ###"),
    City("Porto", "Porto", "13", "40##-###", "+351 000 ### ###"),
];

#[rustfmt::skip]
const ITALY: &[City] = &[
    City("Rome", "Lazio", "62", "001##", "+39 000 ### ####"),
    City("Milan", "Lombardy", "25", "201##", "+39 000 ### ####"),
    City("Turin", "Piedmont", "21", "101##", "+39 000 ### ####"),
    City("Naples", "Campania", "72", "801##", "+39 000 ### ####"),
    City("Florence", "Tuscany", "52", "501##", "+39 000 ### ####"),
    City("Bologna", "Emilia-Romagna", "45", "401##", "+39 000 ### ####"),
];

#[rustfmt::skip]
const POLAND: &[City] = &[
    City("Warsaw", "Masovia", "MZ", "00-###", "+48 00 ### ## ##"),
    City("Krakow", "Lesser Poland", "MA", "30-###", "+48 00 ### ## ##"),
    City("Gdansk", "Pomerania", "PM", "80-###", "+48 00 ### ## ##"),
    City("Wroclaw", "Lower Silesia", "DS", "50-###", "+48 00 ### ## ##"),
    City("Poznan", "Greater Poland", "WP", "60-###", "+48 00 ### ## ##"),
];

#[rustfmt::skip]
const SWEDEN: &[City] = &[
    City("Stockholm", "Stockholm", "AB", "11# ##", "+46 8 465 004 ##"),
    City("Gothenburg", "Vastra Gotaland", "O", "41# ##", "+46 31 390 06 ##"),
    City("Malmo", "Skane", "M", "21# ##", "+46 40 628 04 ##"),
];

#[rustfmt::skip]
const INDIA: &[City] = &[
    City("Mumbai", "Maharashtra", "MH", "4000##", "+91 000 ### ####"),
    City("Pune", "Maharashtra", "MH", "4110##", "+91 000 ### ####"),
    City("New Delhi", "Delhi", "DL", "1100##", "+91 000 ### ####"),
    City("Bengaluru", "Karnataka", "KA", "5600##", "+91 000 ### ####"),
    City("Chennai", "Tamil Nadu", "TN", "6000##", "+91 000 ### ####"),
    City("Kolkata", "West Bengal", "WB", "7000##", "+91 000 ### ####"),
    City("Jaipur", "Rajasthan", "RJ", "3020##", "+91 000 ### ####"),
];

#[rustfmt::skip]
const JAPAN: &[City] = &[
    City("Tokyo", "Tokyo", "13", "10#-####", "+81 00 #### ####"),
    City("Osaka", "Osaka", "27", "53#-####", "+81 00 #### ####"),
    City("Kyoto", "Kyoto", "26", "60#-####", "+81 00 #### ####"),
    City("Sapporo", "Hokkaido", "01", "06#-####", "+81 00 #### ####"),
    City("Fukuoka", "Fukuoka", "40", "81#-####", "+81 00 #### ####"),
];

#[rustfmt::skip]
const AUSTRALIA: &[City] = &[
    City("Sydney", "New South Wales", "NSW", "20##", "+61 2 5550 ####"),
    City("Newcastle", "New South Wales", "NSW", "23##", "+61 2 5550 ####"),
    City("Melbourne", "Victoria", "VIC", "30##", "+61 3 5550 ####"),
    City("Brisbane", "Queensland", "QLD", "40##", "+61 7 5550 ####"),
    City("Perth", "Western Australia", "WA", "60##", "+61 8 5550 ####"),
    City("Adelaide", "South Australia", "SA", "50##", "+61 8 5550 ####"),
    City("Hobart", "Tasmania", "TAS", "70##", "+61 3 5550 ####"),
];

#[rustfmt::skip]
const NEW_ZEALAND: &[City] = &[
    City("Auckland", "Auckland", "AUK", "10##", "+64 0 000 ####"),
    City("Wellington", "Wellington", "WGN", "60##", "+64 0 000 ####"),
    City("Christchurch", "Canterbury", "CAN", "80##", "+64 0 000 ####"),
    City("Dunedin", "Otago", "OTA", "90##", "+64 0 000 ####"),
];
