"""The proposals of the demonstration: believable work from several industries."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """One proposal's words, its PI, and what it asks for (won)."""

    code: str
    pi: str
    organisation: str
    topic: str
    title_ko: str
    title_en: str
    abstract_ko: str
    abstract_en: str
    aim: str
    total: int
    provisional: int
    first: tuple[str, str]
    second: tuple[str, str]


TEXTS = [
    Text(
        "solid", "정하나", "gaon", "battery",
        "상온 가압 없이 구동하는 황화물계 전고체 전지 계면",
        "Sulphide solid-state cells that run without stack pressure",
        "황화물 전해질과 리튬 음극 사이에 자가 치유 중간층을 도입해, 외부 가압 없이 상온에서 구동하는 전고체 전지를 검증한다.",
        "A self-healing interlayer lets a sulphide electrolyte meet lithium metal without external pressure.",
        "가압 장치가 없는 1Ah급 전고체 셀을 만들어 전기차 팩의 무게와 값을 함께 낮춘다.",
        480_000_000, 96_000_000,
        ("1Ah 단셀 검증", "1Ah 셀이 25℃, 무가압에서 100회 충·방전 후 용량 80% 이상을 유지한다."),
        ("10직렬 모듈 검증", "10직렬 모듈이 0.5C로 500시간 동안 단락 없이 구동한다."),
    ),
    Text(
        "mrna", "송은서", "lumina", "bio",
        "상온 보관이 가능한 mRNA 백신 동결건조 제형", "Freeze-dried mRNA vaccine stable at room temperature",
        "지질나노입자의 유리화 부형제를 바꾸어 25℃에서 6개월 보관 가능한 제형을 만든다.",
        "New vitrifying excipients keep lipid nanoparticles intact for six months at 25 °C.",
        "콜드체인이 닿지 않는 곳에서도 쓸 수 있는 백신 제형을 확보한다.",
        420_000_000, 90_000_000,
        ("제형 후보 선정", "25℃ 4주 후 mRNA 무결성이 90% 이상인 제형 2종을 확보한다."),
        ("동물 효능 확인", "재구성 제형의 중화항체가가 냉동 대조군의 80% 이상이다."),
    ),
    Text(
        "gan", "황준서", "saebyeok", "chips",
        "8인치 GaN-on-Si 전력소자의 결함 조기 판별", "Early defect screening of 8-inch GaN-on-Si power devices",
        "에피 성장 직후의 광발광 지도로 최종 수율을 예측하는 모델을 만든다.",
        "Photoluminescence maps taken right after epitaxy predict the final yield of each die.",
        "불량 웨이퍼를 공정 첫 단계에서 걸러 공정비를 줄인다.",
        600_000_000, 100_000_000,
        ("예측 모델", "웨이퍼 30장에서 다이 수율 예측 오차가 5%p 이내이다."),
        ("양산 라인 시험", "양산 라인 4주 시험에서 불량 웨이퍼의 90%를 첫 단계에서 걸러낸다."),
    ),
    Text(
        "hand", "안도윤", "mir", "robots",
        "촉각 피복 로봇손의 무학습 조립", "Assembly without training by a robot hand with a tactile skin",
        "촉각 피복과 순응 제어로 처음 보는 커넥터를 끼우는 로봇손을 만든다.",
        "A tactile skin and compliant control let a hand plug connectors it has never seen.",
        "다품종 소량 조립을 자동화한다.",
        360_000_000, 80_000_000,
        ("단일 커넥터", "처음 보는 커넥터 20종에서 성공률 85% 이상을 보인다."),
        ("배선 조립", "차량 배선 한 벌을 10분 안에 조립한다."),
    ),
    Text(
        "flood", "류지호", "hanbit", "climate",
        "도시 침수 30분 예보를 위한 하수관 센서망", "Sewer sensor network for half-hour urban flood forecasts",
        "저전력 수위 센서와 물리 기반 모델로 침수를 30분 앞서 예보한다.",
        "Low-power level sensors and a physics-based model forecast flooding half an hour ahead.",
        "반지하 주택의 대피 시간을 확보한다.",
        300_000_000, 70_000_000,
        ("시범 구역 설치", "센서 200개가 30일간 가동률 95% 이상을 유지한다."),
        ("예보 검증", "강우 사상 5건에서 적중률 80% 이상을 보인다."),
    ),
    Text(
        "cement", "전소율", "daehan", "climate",
        "소성하지 않는 제철 슬래그 시멘트", "Unfired cement from steel slag",
        "전로 슬래그를 탄산화해 클링커 없이 굳는 결합재를 만든다.",
        "Carbonated converter slag sets without clinker.",
        "시멘트 1톤당 이산화탄소 배출을 0.7톤 줄인다.",
        450_000_000, 95_000_000,
        ("결합재 배합", "28일 압축강도 42.5MPa 이상을 만족한다."),
        ("현장 타설", "보도블록 1,000m²를 시공하고 6개월 균열률이 1% 이하이다."),
    ),
    Text(
        "hydrogen", "Lena Hoffmann", "gaon", "battery",
        "해수 직접 전해용 비귀금속 촉매", "Precious-metal-free catalysts for direct seawater electrolysis",
        "염소 발생을 억제하는 이중층 촉매로 해수를 바로 전해한다.",
        "A double-layer catalyst suppresses chlorine and splits seawater directly.",
        "Make hydrogen at the coast without desalination.",
        380_000_000, 85_000_000,
        ("Catalyst", "1,000 h at 0.5 A/cm² with less than 5 % chlorine selectivity"),
        ("Stack", "A 1 kW stack runs for 300 h on filtered seawater"),
    ),
    Text(
        "cell", "홍시우", "hanbit", "bio",
        "배양육 지지체용 식물성 단백질 섬유", "Plant-protein fibres as scaffolds for cultured meat",
        "대두 단백질을 습식 방사해 근육세포가 정렬되는 지지체를 만든다.",
        "Wet-spun soy protein aligns muscle cells.",
        "배양육의 식감과 값을 함께 개선한다.",
        280_000_000, 60_000_000,
        ("섬유 방사", "지름 20µm 이하 섬유에서 세포 정렬도가 70% 이상이다."),
        ("시제품", "두께 1cm 시제품의 전단력이 소고기의 80~120% 범위이다."),
    ),
    Text(
        "law", "노아린", "hanbit", "ai",
        "판결문 인용망을 이용한 법률 질의응답의 근거 제시", "Grounded legal question answering over citation graphs",
        "판결문 인용망에서 근거 문단을 찾아 답변마다 출처를 붙인다.",
        "Each answer carries the paragraphs of judgments that support it.",
        "틀린 인용이 없는 법률 상담 보조를 만든다.",
        240_000_000, 50_000_000,
        ("근거 검색", "질의 500건에서 근거 재현율 90% 이상을 보인다."),
        ("상담 시험", "법률구조 상담 100건에서 잘못된 인용이 없다."),
    ),
    Text(
        "sat", "Daniel Kim", "mir", "robots",
        "위성 궤도상 급유용 접속 장치", "A docking port for refuelling satellites in orbit",
        "소형 위성끼리 10cm 오차에서도 접속하는 장치를 지상에서 검증한다.",
        "A passive port that tolerates 10 cm of misalignment, proven on an air table.",
        "Extend the life of small satellites instead of replacing them.",
        520_000_000, 150_000_000,
        ("Air table", "50 dockings out of 50 at 10 cm misalignment"),
        ("Thermal vacuum", "Works from −60 °C to +80 °C in vacuum"),
    ),
    Text(
        "farm", "유다은", "daehan", "ai",
        "노지 마늘밭 병해 조기 발견 드론", "Drones that find garlic blight before it spreads",
        "다분광 영상으로 잎마름병을 눈에 보이기 전에 찾는다.",
        "Multispectral images reveal blight before the eye does.",
        "농약 사용을 절반으로 줄인다.",
        200_000_000, 45_000_000,
        ("탐지 모델", "발병 5일 전 탐지 정확도 85% 이상을 보인다."),
        ("농가 실증", "농가 10곳에서 농약 사용량이 50% 이상 줄어든다."),
    ),
    Text(
        "photo", "백지안", "saebyeok", "chips",
        "극자외선 감광액의 무금속 불순물 분석", "Tracing metal impurities in EUV photoresists",
        "ppt 수준의 금속 불순물을 30분 안에 분석한다.",
        "Parts-per-trillion metals measured within half an hour.",
        "감광액 국산화의 품질 병목을 없앤다.",
        540_000_000, 140_000_000,
        ("분석법", "표준 시료 10종의 회수율이 90~110% 범위이다."),
        ("생산 적용", "생산 로트 20개를 30분 안에 판정한다."),
    ),
    Text(
        "dementia", "심예준", "lumina", "bio",
        "손글씨 미세 떨림으로 보는 초기 인지 저하", "Early cognitive decline in the tremor of handwriting",
        "태블릿 필기의 속도와 압력으로 경도 인지장애를 선별한다.",
        "Pen speed and pressure on a tablet screen for mild impairment.",
        "보건소에서 5분 만에 선별한다.",
        220_000_000, 50_000_000,
        ("자료 수집", "500명의 필기 자료와 임상 진단을 모은다."),
        ("선별 성능", "민감도와 특이도가 모두 85% 이상이다."),
    ),
    Text(
        "tidal", "Sofia Marin", "gaon", "climate",
        "저유속 조류발전 진동 날개", "Oscillating foils for slow tidal currents",
        "초속 1m의 느린 조류에서도 발전하는 진동 날개를 만든다.",
        "Foils that harvest currents of one metre per second.",
        "Open most of the coast to tidal power.",
        400_000_000, 85_000_000,
        ("Tank test", "Power coefficient above 0.3 at 1 m/s"),
        ("Sea test", "90 days at sea with availability above 90 %"),
    ),
    Text(
        "steel", "남궁민", "daehan", "chips",
        "수소환원 제철용 저등급 철광석 펠릿", "Pellets of low-grade ore for hydrogen steelmaking",
        "저등급 광석의 환원 붕괴를 막는 결합재를 개발한다.",
        "A binder that keeps low-grade pellets from disintegrating under hydrogen.",
        "국내 제철소가 값싼 광석을 쓰게 한다.",
        460_000_000, 95_000_000,
        ("펠릿 배합", "환원 분화율이 20% 이하이다."),
        ("연속 환원", "시험로에서 72시간 연속 환원한다."),
    ),
    Text(
        "quantum", "독고영", "hanbit", "chips",
        "상온 다이아몬드 양자센서 심자도", "Magnetocardiography with diamond quantum sensors",
        "차폐실 없이 심장 자기장을 재는 센서 배열을 만든다.",
        "An array that measures the heart's field without a shielded room.",
        "응급실에서 1분 만에 허혈을 찾는다.",
        500_000_000, 100_000_000,
        ("감도", "10Hz에서 1pT/√Hz 이하의 감도를 얻는다."),
        ("지원자 측정", "지원자 20명에서 R파를 검출한다."),
    ),
    Text(
        "noise", "탁현서", "mir", "robots",
        "선박 프로펠러 소음의 능동 상쇄", "Active cancellation of ship propeller noise",
        "선체 구동기로 수중 방사 소음을 상쇄한다.",
        "Hull actuators cancel radiated noise.",
        "해양 포유류의 피해를 줄인다.",
        260_000_000, 60_000_000,
        ("모형 시험", "모형선에서 10dB 저감을 보인다."),
        ("실선 시험", "실선에서 6dB 저감을 보인다."),
    ),
    Text(
        "paper", "빈나래", "hanbit", "ai",
        "실패한 실험 기록의 표준과 공유", "A standard for sharing failed experiments",
        "실험노트에서 실패 조건을 뽑아 검색 가능한 형태로 만든다.",
        "Extracts failure conditions from lab notes and makes them searchable.",
        "같은 실패의 반복을 막는다.",
        180_000_000, 40_000_000,
        ("추출", "노트 1,000건에서 정확도 85% 이상을 보인다."),
        ("공유", "기관 5곳이 참여하는 검색 서비스를 연다."),
    ),
    Text(
        "kelp", "여름", "hanbit", "climate",
        "해조류 기반 생분해 어망", "Fishing nets from kelp that dissolve when lost",
        "알긴산 섬유의 수중 강도를 2년 유지하고 이후 분해되게 한다.",
        "Alginate fibres that hold for two years and then dissolve.",
        "유령어업을 줄인다.",
        210_000_000, 50_000_000,
        ("섬유 강도", "수중 6개월 후 강도가 초기의 80% 이상이다."),
        ("어장 시험", "어선 5척에서 한 철을 쓴다."),
    ),
    Text(
        "weld", "우진서", "mir", "robots",
        "용접 불꽃 소리로 듣는 내부 결함", "Hearing weld defects in the sound of the arc",
        "아크 음향으로 기공과 융합 불량을 실시간 판별한다.",
        "Arc acoustics reveal pores and lack of fusion as they form.",
        "방사선 검사를 절반으로 줄인다.",
        230_000_000, 55_000_000,
        ("음향 모델", "결함 5종의 판별 정확도가 90% 이상이다."),
        ("조선소 시험", "조선소 블록 10개에서 방사선 결과와 95% 일치한다."),
    ),
    Text(
        "gale", "Elena Petrova", "gaon", "climate",
        "해상풍력 블레이드의 결빙 방지 도료", "Ice-shedding coating for offshore blades",
        "전력을 쓰지 않고 얼음이 스스로 떨어지는 도료를 만든다.",
        "A coating from which ice falls by itself, without heating.",
        "Keep turbines running through the winter.",
        340_000_000, 75_000_000,
        ("Coupon test", "Ice adhesion below 20 kPa after 50 cycles"),
        ("Blade test", "One winter on a 3 MW turbine without heating"),
    ),
]
BY_CODE = {text.code: text for text in TEXTS}
