"""Fictional names of companies and people, and what they say, in two languages."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CITIES = _words("""
深圳 广州 东莞 佛山 珠海 上海 苏州 杭州 宁波 南京 无锡 合肥 常州 北京 天津 济南 青岛
石家庄 武汉 长沙 郑州 南昌 成都 重庆 昆明 西安 兰州 沈阳 大连 长春
""")
CITY_REGION = (
    *("south_china",) * 5,
    *("east_china",) * 8,
    *("north_china",) * 5,
    *("central_china",) * 4,
    *("southwest",) * 3,
    *("northwest",) * 2,
    *("northeast",) * 3,
)
CITY_PROVINCE = _words("""
广东 广东 广东 广东 广东 上海 江苏 浙江 浙江 江苏 江苏 安徽 江苏 北京 天津 山东 山东
河北 湖北 湖南 河南 江西 四川 重庆 云南 陕西 甘肃 辽宁 辽宁 吉林
""")
CITY_WEIGHTS: tuple[int, ...] = (
    *(11, 8, 4, 3, 2, 30, 15, 23, 8, 11, 5, 4, 2, 9, 2, 2, 2, 1, 3, 2, 2, 1, 4, 2, 1, 2, 1),
    *(1, 1, 1),
)

BRANDS = _words("""
安an 邦bang 博bo 昌chang 辰chen 诚cheng 川chuan 达da 鼎ding 东dong 帆fan 方fang
丰feng 富fu 冠guan 光guang 海hai 瀚han 恒heng 宏hong 华hua 辉hui 嘉jia 坚jian 捷jie
金jin 锦jin 景jing 凯kai 康kang 科ke 朗lang 乐le 联lian 亮liang 林lin 凌ling 隆long
迈mai 茂mao 铭ming 宁ning 诺nuo 盼pan 鹏peng 品pin 启qi 千qian 乔qiao 清qing 瑞rui
森sen 尚shang 晟sheng 盛sheng 硕shuo 思si 泰tai 腾teng 天tian 通tong 拓tuo 万wan
伟wei 翔xiang 新xin 欣xin 鑫xin 星xing 旭xu 扬yang 耀yao 亿yi 益yi 永yong 宇yu 裕yu
远yuan 卓zhuo 致zhi
""")
FIELDS = {
    "manufacturing": "精密制造",
    "finance": "金融服务",
    "retail": "零售连锁",
    "energy": "能源科技",
    "healthcare": "医疗科技",
    "education": "教育科技",
    "government": "城市数据",
    "logistics": "供应链",
    "internet": "网络科技",
    "automotive": "汽车零部件",
    "software": "软件",
    "services": "商务服务",
    "other": "实业",
}
LEGAL = ("有限公司", "股份有限公司", "集团有限公司", "集团股份有限公司")

ENGLISH_FIRST = _words("""
Alder Amber Arden Ashby Aster Barrow Beacon Birch Bramble Brook Cairn Calder Cedar
Clover Colby Coral Dale Delta Ember Fable Fallow Fern Finch Garnet Glen Harbor Hazel
Heron Holt Indigo Ivory Juniper Kestrel Lark Linden Maple Marlow Mistral Northam Oak
Onyx Osprey Pine Quill Raven Reed Rowan Sable Sorrel Summit Tarn Thistle Umber Vale
Willow Wren Yarrow Zephyr
""")
ENGLISH_SECOND = _words("""
Analytics Bank Care Components Dynamics Energy Foods Freight Group Health Holdings
Industries Insurance Logistics Markets Motors Networks Partners Retail Robotics
Software Systems Trading Works
""")
ENGLISH_LEGAL = ("Inc.", "Ltd", "GmbH", "Pte. Ltd.", "LLC", "B.V.")
OVERSEAS = (
    ("southeast_asia", "Singapore"),
    ("southeast_asia", "Malaysia"),
    ("southeast_asia", "Indonesia"),
    ("europe", "Germany"),
    ("europe", "Netherlands"),
    ("europe", "United Kingdom"),
    ("north_america", "United States"),
    ("north_america", "Canada"),
    ("hmt", "香港"),
)
OVERSEAS_WEIGHTS = (18, 9, 6, 14, 7, 9, 22, 5, 10)

SURNAMES = _words("""
王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 吴wu 周zhou 徐xu 孙sun 马ma
朱zhu 胡hu 郭guo 何he 高gao 林lin 罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu
韩han 冯feng 邓deng 曹cao 彭peng 曾zeng
""")
GIVEN = _words("""
伟wei 芳fang 娜na 敏min 静jing 丽li 强qiang 磊lei 洋yang 勇yong 艳yan 杰jie 娟juan
涛tao 明ming 超chao 秀英xiuying 霞xia 平ping 刚gang 桂英guiying 文博wenbo 子涵zihan
浩然haoran 雨桐yutong 思远siyuan 晓彤xiaotong 嘉怡jiayi 志远zhiyuan 俊杰junjie
佳琪jiaqi 建国jianguo 海燕haiyan 婷婷tingting 一鸣yiming 欣然xinran 宇航yuhang
梓萱zixuan 立群liqun 春梅chunmei
""")
FOREIGN_FIRST = _words("""
Alice Amir Anna Ben Carla Chen Daniel Elena Farah Felix Grace Hannah Ivan Jonas
Julia Kai Laura Liam Maria Mei Noah Olivia Omar Paul Priya Rosa Sara Tom Uma Victor
Wei Yara
""")
FOREIGN_LAST = _words("""
Adler Baker Costa Dietrich Evans Fischer Garcia Hughes Ismail Jansen Keller Lim
Meyer Nguyen Okafor Patel Quinn Rossi Schmidt Tan Ulrich Vermeer Walker Young
""")

TITLES_ZH = {
    "c_level": ("总经理", "首席信息官", "首席运营官", "董事长助理兼COO"),
    "vp": ("副总裁", "信息化副总", "客户服务副总", "数字化VP"),
    "director": ("信息化总监", "客服总监", "运营总监", "数据总监"),
    "manager": ("IT经理", "客服经理", "采购经理", "项目经理"),
    "staff": ("信息专员", "客服主管助理", "采购专员", "工程师"),
}
TITLES_EN = {
    "c_level": ("Chief Operating Officer", "CIO", "Managing Director", "CTO"),
    "vp": ("VP Customer Care", "VP Operations", "VP Engineering", "VP Digital"),
    "director": ("Director of IT", "Director of Support", "Head of Data", "Head of Operations"),
    "manager": ("IT Manager", "Support Manager", "Procurement Manager", "Project Manager"),
    "staff": ("Analyst", "Support Specialist", "Buyer", "Engineer"),
}

PAINS = (
    "客服高峰期接不住，夜间无人值守",
    "知识分散在各部门，新人培训周期长",
    "工单靠人工派发，经常派错",
    "海外客户多语言咨询响应慢",
    "质检只能抽检，漏检多",
    "数据在多个系统，报表要做三天",
    "售后回访人手不足",
    "Support queue doubles every quarter",
    "Knowledge lives in wikis nobody reads",
    "Agents copy data between four systems",
    "We need answers in eight languages",
    "Audit asks for traceable replies",
)
FEEDBACK = (
    "价格比预期高，希望看到同行业ROI测算",
    "想先看制造业案例",
    "担心数据安全，要求私有化部署",
    "需要和现有ERP对接",
    "领导还没立项，明年再看",
    "演示效果不错，要安排技术交流",
    "已经在和别家谈，主要看交付周期",
    "问有没有金融行业的决策材料可以内部汇报",
    "Wants a reference customer in Europe",
    "Asks for SOC 2 report before the next call",
    "Liked the demo, needs budget approval",
    "Comparing us with Botwise on price",
)
SUMMARIES = (
    "首次沟通，介绍产品，约下周演示",
    "未接通，已发短信",
    "确认需求：智能客服与工单自动化",
    "发送白皮书与案例",
    "技术答疑，对接方式为API",
    "报价沟通，客户希望分期",
    "合同条款修改中",
    "Intro call, demo agreed for next week",
    "Sent security pack and pricing",
    "Discussed integration with their CRM",
)
